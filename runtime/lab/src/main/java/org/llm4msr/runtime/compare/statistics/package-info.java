/** Tests and intervals of the differences between models. */
@NullMarked
package org.llm4msr.runtime.compare.statistics;

import org.jspecify.annotations.NullMarked;
