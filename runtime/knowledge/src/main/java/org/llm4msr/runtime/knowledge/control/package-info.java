/** Vectors that models read in place of knowledge, to tell what knowledge is worth. */
@NullMarked
package org.llm4msr.runtime.knowledge.control;

import org.jspecify.annotations.NullMarked;
