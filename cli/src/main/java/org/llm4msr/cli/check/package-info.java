/** The process in which plugin folders are checked. */
@NullMarked
package org.llm4msr.cli.check;

import org.jspecify.annotations.NullMarked;
