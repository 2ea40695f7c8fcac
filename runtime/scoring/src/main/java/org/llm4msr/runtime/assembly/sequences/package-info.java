/** Sequences of ids in a model: which there are, their ids in a batch, and their pooling. */
@NullMarked
package org.llm4msr.runtime.assembly.sequences;

import org.jspecify.annotations.NullMarked;
