/** What is served over Arrow Flight. */
@NullMarked
package org.llm4msr.server.flight;

import org.jspecify.annotations.NullMarked;
