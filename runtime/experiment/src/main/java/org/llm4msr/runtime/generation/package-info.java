/** Raw data from generators. */
@NullMarked
package org.llm4msr.runtime.generation;

import org.jspecify.annotations.NullMarked;
