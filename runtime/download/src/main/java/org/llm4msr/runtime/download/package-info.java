/** Published data sets, downloaded from where their publishers offer them. */
@NullMarked
package org.llm4msr.runtime.download;

import org.jspecify.annotations.NullMarked;
