/**
 * Building blocks for plugin authors. Outside the compatibility promise: they may change with any
 * release.
 */
@NullMarked
package org.llm4msr.api.support;

import org.jspecify.annotations.NullMarked;
