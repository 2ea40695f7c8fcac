/** Why requests are refused. */
@NullMarked
package org.llm4msr.server.refusal;

import org.jspecify.annotations.NullMarked;
