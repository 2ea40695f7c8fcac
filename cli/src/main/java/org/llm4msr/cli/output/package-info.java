/** What is printed, and whether it arrived. */
@NullMarked
package org.llm4msr.cli.output;

import org.jspecify.annotations.NullMarked;
