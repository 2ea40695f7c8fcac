/** What is looked at after every test: nothing may be left behind. */
@NullMarked
package org.llm4msr.tck.guard;

import org.jspecify.annotations.NullMarked;
