/** Decoder-only transformers on DJL as a knowledge encoder. */
@NullMarked
package org.llm4msr.plugins.llm.decoder;

import org.jspecify.annotations.NullMarked;
