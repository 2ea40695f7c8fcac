/** What scores are made of. */
@NullMarked
package org.llm4msr.runtime.terms;

import org.jspecify.annotations.NullMarked;
