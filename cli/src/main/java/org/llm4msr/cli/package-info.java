/** The command line, a thin layer on the Java API. */
@NullMarked
package org.llm4msr.cli;

import org.jspecify.annotations.NullMarked;
