/** Reads Arrow data that others made, and refuses what is damaged. */
@NullMarked
package org.llm4msr.toolkit.arrow;

import org.jspecify.annotations.NullMarked;
