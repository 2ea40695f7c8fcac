/** Prepared data and knowledge through Arrow Flight. */
@NullMarked
package org.llm4msr.exchange;

import org.jspecify.annotations.NullMarked;
