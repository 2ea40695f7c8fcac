/** Readers of published raw formats, and generators that write them. */
@NullMarked
package org.llm4msr.plugins.datasets;

import org.jspecify.annotations.NullMarked;
