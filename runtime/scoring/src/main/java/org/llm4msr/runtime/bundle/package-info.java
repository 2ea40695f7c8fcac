/** Model bundles: written by training, verified, compared, and scored with. */
@NullMarked
package org.llm4msr.runtime.bundle;

import org.jspecify.annotations.NullMarked;
