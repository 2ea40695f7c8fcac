/** Explanations as they are sent. */
@NullMarked
package org.llm4msr.server.explanation;

import org.jspecify.annotations.NullMarked;
