/** Settings of what models read of the past. */
@NullMarked
package org.llm4msr.runtime.config.sequences;

import org.jspecify.annotations.NullMarked;
