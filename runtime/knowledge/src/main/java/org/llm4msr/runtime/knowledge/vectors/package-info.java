/** What a model reads of knowledge: vectors scaled or reduced, by user and by scenario. */
@NullMarked
package org.llm4msr.runtime.knowledge.vectors;

import org.jspecify.annotations.NullMarked;
