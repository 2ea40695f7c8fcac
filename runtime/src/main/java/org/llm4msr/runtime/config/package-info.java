/** Configuration: YAML to validated records, with every problem reported at once. */
@NullMarked
package org.llm4msr.runtime.config;

import org.jspecify.annotations.NullMarked;
