/** Reads and writes arrays in the safetensors format. */
@NullMarked
package org.llm4msr.toolkit.safetensors;

import org.jspecify.annotations.NullMarked;
