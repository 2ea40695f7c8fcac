/** Backbones, meta networks, fusion heads and what they get from the runtime. */
@NullMarked
package org.llm4msr.api.model;

import org.jspecify.annotations.NullMarked;
