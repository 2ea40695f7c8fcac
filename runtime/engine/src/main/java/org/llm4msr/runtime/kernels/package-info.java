/** Loops and matrix products over rows in memory, outside the engine's record. */
@NullMarked
package org.llm4msr.runtime.kernels;

import org.jspecify.annotations.NullMarked;
