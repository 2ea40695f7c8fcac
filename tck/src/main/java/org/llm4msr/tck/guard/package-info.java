/** Checks after every test that nothing was left behind. */
@NullMarked
package org.llm4msr.tck.guard;

import org.jspecify.annotations.NullMarked;
