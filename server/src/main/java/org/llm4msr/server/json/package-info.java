/** Requests and answers as JSON. */
@NullMarked
package org.llm4msr.server.json;

import org.jspecify.annotations.NullMarked;
