/** The page for people. */
@NullMarked
package org.llm4msr.server.page;

import org.jspecify.annotations.NullMarked;
