/** Rows by column, as preparation, models and services hand them on. */
@NullMarked
package org.llm4msr.runtime.batch;

import org.jspecify.annotations.NullMarked;
