/**
 * How alike a row's item is to those that its user met before: the exact past, and similarities.
 */
@NullMarked
package org.llm4msr.runtime.knowledge.history;

import org.jspecify.annotations.NullMarked;
