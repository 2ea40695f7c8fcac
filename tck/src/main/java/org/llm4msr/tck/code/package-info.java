/** What the kit finds in a plugin's own code: where it throws, and what it calls. */
@NullMarked
package org.llm4msr.tck.code;

import org.jspecify.annotations.NullMarked;
