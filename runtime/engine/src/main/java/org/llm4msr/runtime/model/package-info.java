/** What models are handed: parameters, groupings, passes and features. */
@NullMarked
package org.llm4msr.runtime.model;

import org.jspecify.annotations.NullMarked;
