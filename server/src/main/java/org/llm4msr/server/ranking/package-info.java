/** Requests to rank, whatever brings them. */
@NullMarked
package org.llm4msr.server.ranking;

import org.jspecify.annotations.NullMarked;
