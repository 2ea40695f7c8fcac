/** Readers of published data sets. */
@NullMarked
package org.llm4msr.plugins.datasets.published;

import org.jspecify.annotations.NullMarked;
