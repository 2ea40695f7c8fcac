/** Makes bundles versions of a model that is served. */
@NullMarked
package org.llm4msr.serving.publishing;

import org.jspecify.annotations.NullMarked;
