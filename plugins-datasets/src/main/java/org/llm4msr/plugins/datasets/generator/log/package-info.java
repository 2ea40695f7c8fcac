/** What the generators share: a drawn log of a stated click model, its words and its files. */
@NullMarked
package org.llm4msr.plugins.datasets.generator.log;

import org.jspecify.annotations.NullMarked;
