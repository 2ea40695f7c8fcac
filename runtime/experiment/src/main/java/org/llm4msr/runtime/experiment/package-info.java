/** The public Java API: everything that the command line does. */
@NullMarked
package org.llm4msr.runtime.experiment;

import org.jspecify.annotations.NullMarked;
