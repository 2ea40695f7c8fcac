/** Knowledge that a server is given while it runs. */
@NullMarked
package org.llm4msr.server.knowledge;

import org.jspecify.annotations.NullMarked;
