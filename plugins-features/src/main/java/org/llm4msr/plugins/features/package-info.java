/** Sources of features. */
@NullMarked
package org.llm4msr.plugins.features;

import org.jspecify.annotations.NullMarked;
