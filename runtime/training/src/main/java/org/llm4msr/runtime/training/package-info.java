/** The trainer: steps, schedules, dense optimisers, checkpoints. */
@NullMarked
package org.llm4msr.runtime.training;

import org.jspecify.annotations.NullMarked;
