/** The log of the process. */
@NullMarked
package org.llm4msr.runtime.experiment.log;

import org.jspecify.annotations.NullMarked;
