/** What prepared data holds, and whether one part leaks into another. */
@NullMarked
package org.llm4msr.runtime.data.inspection;

import org.jspecify.annotations.NullMarked;
