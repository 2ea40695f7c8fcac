/** Scores files of rows in parts, so that a killed job can continue. */
@NullMarked
package org.llm4msr.runtime.scoring;

import org.jspecify.annotations.NullMarked;
