/** Rows of raw ids and values, and their encoding with the vocabularies of prepared data. */
@NullMarked
package org.llm4msr.runtime.data.rows;

import org.jspecify.annotations.NullMarked;
