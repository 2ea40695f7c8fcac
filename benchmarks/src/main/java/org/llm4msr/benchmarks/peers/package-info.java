/** Programs of others, which are timed beside ours. */
@NullMarked
package org.llm4msr.benchmarks.peers;

import org.jspecify.annotations.NullMarked;
