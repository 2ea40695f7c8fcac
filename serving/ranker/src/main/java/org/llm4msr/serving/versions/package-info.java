/** Folders of versions of a model. */
@NullMarked
package org.llm4msr.serving.versions;

import org.jspecify.annotations.NullMarked;
