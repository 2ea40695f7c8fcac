/** What the blocks of the toolkit ask of the runtime; not for plugins. */
@NullMarked
package org.llm4msr.api.internal;

import org.jspecify.annotations.NullMarked;
