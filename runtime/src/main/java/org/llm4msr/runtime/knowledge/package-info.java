/** Knowledge extraction and the knowledge store. */
@NullMarked
package org.llm4msr.runtime.knowledge;

import org.jspecify.annotations.NullMarked;
