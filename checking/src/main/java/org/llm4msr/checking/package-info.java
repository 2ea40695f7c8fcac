/**
 * The check of plugin folders, in a process of its own: it has the conformance kit on its class
 * path, and runs code that may end it.
 */
@NullMarked
package org.llm4msr.checking;

import org.jspecify.annotations.NullMarked;
