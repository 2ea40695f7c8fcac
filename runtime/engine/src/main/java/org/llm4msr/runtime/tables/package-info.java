/** Embedding tables and their row-wise optimisers. */
@NullMarked
package org.llm4msr.runtime.tables;

import org.jspecify.annotations.NullMarked;
