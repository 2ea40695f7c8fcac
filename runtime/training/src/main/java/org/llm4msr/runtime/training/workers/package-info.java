/** Training by several workers, each in a process of its own. */
@NullMarked
package org.llm4msr.runtime.training.workers;

import org.jspecify.annotations.NullMarked;
