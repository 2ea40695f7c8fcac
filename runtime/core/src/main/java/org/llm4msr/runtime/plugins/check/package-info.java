/** What a check of plugin folders found, as its process hands it to the command line; jars. */
@NullMarked
package org.llm4msr.runtime.plugins.check;

import org.jspecify.annotations.NullMarked;
