/** Scores files of rows in parts, so that a killed job goes on. */
@NullMarked
package org.llm4msr.runtime.scoring;

import org.jspecify.annotations.NullMarked;
