/** Rules and what is said of those that are broken. */
@NullMarked
package org.llm4msr.tck.rule;

import org.jspecify.annotations.NullMarked;
