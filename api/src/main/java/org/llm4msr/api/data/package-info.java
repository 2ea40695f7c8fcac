/** Raw data sets: what a reader emits and a generator writes. */
@NullMarked
package org.llm4msr.api.data;

import org.jspecify.annotations.NullMarked;
