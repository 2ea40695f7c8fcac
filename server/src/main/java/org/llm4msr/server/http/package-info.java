/** What is served over HTTP. */
@NullMarked
package org.llm4msr.server.http;

import org.jspecify.annotations.NullMarked;
