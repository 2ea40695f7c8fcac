/** Prepared data and knowledge for other processes, without files. */
@NullMarked
package org.llm4msr.runtime.exchange;

import org.jspecify.annotations.NullMarked;
