/** Requests that a server asks itself before it is ready. */
@NullMarked
package org.llm4msr.server.warmup;

import org.jspecify.annotations.NullMarked;
