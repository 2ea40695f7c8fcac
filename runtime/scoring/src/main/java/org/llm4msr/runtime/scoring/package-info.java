/** Scores rows and files of rows with a bundle. */
@NullMarked
package org.llm4msr.runtime.scoring;

import org.jspecify.annotations.NullMarked;
