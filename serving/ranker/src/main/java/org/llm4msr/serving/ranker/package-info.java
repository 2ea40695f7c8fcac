/** Ranks the items of a request with a compiled bundle. */
@NullMarked
package org.llm4msr.serving.ranker;

import org.jspecify.annotations.NullMarked;
