/** Vectors by key, from files that other tools write. */
@NullMarked
package org.llm4msr.toolkit.vectors;

import org.jspecify.annotations.NullMarked;
