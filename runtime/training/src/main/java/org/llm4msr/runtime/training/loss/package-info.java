/** The loss of a batch, of one label and of several. */
@NullMarked
package org.llm4msr.runtime.training.loss;

import org.jspecify.annotations.NullMarked;
