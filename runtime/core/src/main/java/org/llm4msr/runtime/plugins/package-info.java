/** Discovery of plugins. */
@NullMarked
package org.llm4msr.runtime.plugins;

import org.jspecify.annotations.NullMarked;
