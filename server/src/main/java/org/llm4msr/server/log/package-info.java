/** Requests with the values as used and the probabilities, as files. */
@NullMarked
package org.llm4msr.server.log;

import org.jspecify.annotations.NullMarked;
