/** The ways in which the gradient of a parameter comes about in a step. */
@NullMarked
package org.llm4msr.runtime.gradients;

import org.jspecify.annotations.NullMarked;
