/** Ranks the requests of a log again. */
@NullMarked
package org.llm4msr.server.replay;

import org.jspecify.annotations.NullMarked;
