/** Reads a configuration: YAML to validated records, with every problem reported at once. */
@NullMarked
package org.llm4msr.runtime.config.loading;

import org.jspecify.annotations.NullMarked;
