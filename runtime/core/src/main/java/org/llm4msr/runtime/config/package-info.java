/** The records of a configuration. */
@NullMarked
package org.llm4msr.runtime.config;

import org.jspecify.annotations.NullMarked;
