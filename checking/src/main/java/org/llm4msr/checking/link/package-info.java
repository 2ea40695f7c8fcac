/** Whether the classes of a plugin folder find what they refer to. */
@NullMarked
package org.llm4msr.checking.link;

import org.jspecify.annotations.NullMarked;
