/** The configuration of a server. */
@NullMarked
package org.llm4msr.server.config;

import org.jspecify.annotations.NullMarked;
