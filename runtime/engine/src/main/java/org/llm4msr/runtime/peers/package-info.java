/** What several processes that train one model tell each other. */
@NullMarked
package org.llm4msr.runtime.peers;

import org.jspecify.annotations.NullMarked;
