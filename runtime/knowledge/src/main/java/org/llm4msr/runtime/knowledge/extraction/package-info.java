/** Fills a knowledge store: prompts to vectors. */
@NullMarked
package org.llm4msr.runtime.knowledge.extraction;

import org.jspecify.annotations.NullMarked;
