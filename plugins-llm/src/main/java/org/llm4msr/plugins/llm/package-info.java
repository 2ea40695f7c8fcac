/** Prompt builders and knowledge encoders. */
@NullMarked
package org.llm4msr.plugins.llm;

import org.jspecify.annotations.NullMarked;
