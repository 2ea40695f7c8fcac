/** Generated logs in published formats, from a stated click model. */
@NullMarked
package org.llm4msr.plugins.datasets.generator;

import org.jspecify.annotations.NullMarked;
