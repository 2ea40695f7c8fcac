/** Settings of jobs that run on more than one machine. */
@NullMarked
package org.llm4msr.runtime.config.cluster;

import org.jspecify.annotations.NullMarked;
