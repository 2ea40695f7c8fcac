/** What users did before a row, exactly: the log of events, and the file of it. */
@NullMarked
package org.llm4msr.runtime.knowledge.past;

import org.jspecify.annotations.NullMarked;
