/** Files and folders that are whole or absent, whenever the process or the machine stops. */
@NullMarked
package org.llm4msr.runtime.files;

import org.jspecify.annotations.NullMarked;
