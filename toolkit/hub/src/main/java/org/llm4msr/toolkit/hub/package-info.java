/** Models from folders, class path and hubs; downloads through proxies, with retries. */
@NullMarked
package org.llm4msr.toolkit.hub;

import org.jspecify.annotations.NullMarked;
