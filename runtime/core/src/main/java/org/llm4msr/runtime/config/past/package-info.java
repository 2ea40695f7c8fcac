/** Settings of what models read of the past. */
@NullMarked
package org.llm4msr.runtime.config.past;

import org.jspecify.annotations.NullMarked;
