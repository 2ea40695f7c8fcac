/** The knowledge encoder {@code llama-cpp}: GGUF files through llama.cpp, in a separate process. */
@NullMarked
package org.llm4msr.plugins.llamacpp;

import org.jspecify.annotations.NullMarked;
