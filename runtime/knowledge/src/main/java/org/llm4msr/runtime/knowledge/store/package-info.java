/** The knowledge store: vectors by key, filled so that it can be killed at any moment. */
@NullMarked
package org.llm4msr.runtime.knowledge.store;

import org.jspecify.annotations.NullMarked;
