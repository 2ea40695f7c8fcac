/** In which order the rows of prepared data are read. */
@NullMarked
package org.llm4msr.runtime.data.order;

import org.jspecify.annotations.NullMarked;
