/** How alike a row's item is to those that its user met before. */
@NullMarked
package org.llm4msr.runtime.knowledge.history;

import org.jspecify.annotations.NullMarked;
