/** What commands are made of: their options, output, progress and interruption. */
@NullMarked
package org.llm4msr.cli.command;

import org.jspecify.annotations.NullMarked;
