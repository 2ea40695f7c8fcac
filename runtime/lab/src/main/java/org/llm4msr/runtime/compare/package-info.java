/** Comparisons of models over seeds and scenarios, with the significance of their differences. */
@NullMarked
package org.llm4msr.runtime.compare;

import org.jspecify.annotations.NullMarked;
