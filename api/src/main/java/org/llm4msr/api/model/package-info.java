/** Backbones, meta networks, fusion heads and what the runtime hands them. */
@NullMarked
package org.llm4msr.api.model;

import org.jspecify.annotations.NullMarked;
