/** Processes of their own, which run a reader or a generator in little memory. */
@NullMarked
package org.llm4msr.tck.process;

import org.jspecify.annotations.NullMarked;
