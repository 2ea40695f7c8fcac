/** What a model's scores are made of, and what its knowledge says. */
@NullMarked
package org.llm4msr.runtime.explanation;

import org.jspecify.annotations.NullMarked;
