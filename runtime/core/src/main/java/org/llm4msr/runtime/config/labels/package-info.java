/** Settings of further labels. */
@NullMarked
package org.llm4msr.runtime.config.labels;

import org.jspecify.annotations.NullMarked;
