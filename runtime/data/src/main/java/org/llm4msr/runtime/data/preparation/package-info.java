/** Turns raw tables into prepared data. */
@NullMarked
package org.llm4msr.runtime.data.preparation;

import org.jspecify.annotations.NullMarked;
