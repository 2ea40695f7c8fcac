/** Multi-scenario backbones. */
@NullMarked
package org.llm4msr.plugins.backbones;

import org.jspecify.annotations.NullMarked;
