/** The annotation processor of {@link org.llm4msr.api.Plugin}; runs when a plugin is compiled. */
@NullMarked
package org.llm4msr.processor;

import org.jspecify.annotations.NullMarked;
