/** A server that ranks with compiled bundles. */
@NullMarked
package org.llm4msr.server;

import org.jspecify.annotations.NullMarked;
