/** Prompts, language models and the vectors they give. */
@NullMarked
package org.llm4msr.api.knowledge;

import org.jspecify.annotations.NullMarked;
