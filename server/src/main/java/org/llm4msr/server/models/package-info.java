/** The models of a server. */
@NullMarked
package org.llm4msr.server.models;

import org.jspecify.annotations.NullMarked;
