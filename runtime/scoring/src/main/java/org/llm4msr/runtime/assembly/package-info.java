/** Models put together from plugins, tables and knowledge. */
@NullMarked
package org.llm4msr.runtime.assembly;

import org.jspecify.annotations.NullMarked;
