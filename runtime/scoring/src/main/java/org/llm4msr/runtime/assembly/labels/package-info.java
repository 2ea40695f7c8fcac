/** Towers of further labels, and how their probabilities follow from each other. */
@NullMarked
package org.llm4msr.runtime.assembly.labels;

import org.jspecify.annotations.NullMarked;
