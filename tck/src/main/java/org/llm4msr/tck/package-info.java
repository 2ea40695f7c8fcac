/** The conformance kit for plugins: tests to extend, and what they are made of. */
@NullMarked
package org.llm4msr.tck;

import org.jspecify.annotations.NullMarked;
