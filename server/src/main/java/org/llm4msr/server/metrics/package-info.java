/** What a server counts. */
@NullMarked
package org.llm4msr.server.metrics;

import org.jspecify.annotations.NullMarked;
