/** Blocks for authors of models. */
@NullMarked
package org.llm4msr.toolkit.model;

import org.jspecify.annotations.NullMarked;
