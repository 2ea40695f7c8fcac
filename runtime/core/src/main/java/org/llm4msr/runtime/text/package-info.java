/** Texts that help: the name that was probably meant, a word to copy into a shell, no password. */
@NullMarked
package org.llm4msr.runtime.text;

import org.jspecify.annotations.NullMarked;
