/** The public Java API: everything that the command line does. */
@NullMarked
package org.llm4msr.runtime;

import org.jspecify.annotations.NullMarked;
