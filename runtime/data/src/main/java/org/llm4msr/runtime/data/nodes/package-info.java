/** Preparation in which nodes of a cluster hold the columns of the log. */
@NullMarked
package org.llm4msr.runtime.data.nodes;

import org.jspecify.annotations.NullMarked;
