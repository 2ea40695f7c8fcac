/** Options that several commands have. */
@NullMarked
package org.llm4msr.cli.options;

import org.jspecify.annotations.NullMarked;
