/** Raw ids and groups of rows, by row number. */
@NullMarked
package org.llm4msr.runtime.data.keys;

import org.jspecify.annotations.NullMarked;
