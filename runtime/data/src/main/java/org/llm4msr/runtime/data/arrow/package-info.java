/** Arrow files that may be damaged, memory-mapped, and their columns. */
@NullMarked
package org.llm4msr.runtime.data.arrow;

import org.jspecify.annotations.NullMarked;
