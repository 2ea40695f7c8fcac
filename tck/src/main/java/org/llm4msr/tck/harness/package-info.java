/** What plugins are run in: engine, batches, reference parts. */
@NullMarked
package org.llm4msr.tck.harness;

import org.jspecify.annotations.NullMarked;
