/** Backbones of shared and specific networks or experts, mixed by gates. */
@NullMarked
package org.llm4msr.plugins.backbones.experts;

import org.jspecify.annotations.NullMarked;
