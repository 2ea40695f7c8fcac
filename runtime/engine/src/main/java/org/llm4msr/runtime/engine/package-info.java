/** The tensor engines, and what each of them can do. */
@NullMarked
package org.llm4msr.runtime.engine;

import org.jspecify.annotations.NullMarked;
