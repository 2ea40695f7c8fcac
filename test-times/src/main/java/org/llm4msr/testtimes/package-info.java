/** What tests cost. */
@NullMarked
package org.llm4msr.testtimes;

import org.jspecify.annotations.NullMarked;
