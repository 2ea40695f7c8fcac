/** A plugin as a third party would write it: see {@code docs/writing-a-plugin.md}. */
@NullMarked
package org.llm4msr.examples;

import org.jspecify.annotations.NullMarked;
