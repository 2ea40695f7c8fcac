/** Values that are fetched when a request comes. */
@NullMarked
package org.llm4msr.server.features;

import org.jspecify.annotations.NullMarked;
