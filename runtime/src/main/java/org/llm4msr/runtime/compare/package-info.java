/** Comparisons of models over seeds and scenarios, with what their differences are worth. */
@NullMarked
package org.llm4msr.runtime.compare;

import org.jspecify.annotations.NullMarked;
