/** What makes two models the same. */
@NullMarked
package org.llm4msr.runtime.assembly.identity;

import org.jspecify.annotations.NullMarked;
