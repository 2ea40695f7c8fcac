/** Options that several commands have. */
@NullMarked
package org.llm4msr.runtime.cli.options;

import org.jspecify.annotations.NullMarked;
