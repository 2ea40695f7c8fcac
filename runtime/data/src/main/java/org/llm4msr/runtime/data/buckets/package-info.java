/** Values that become ids without a vocabulary: ranges of numbers, and hashes of texts. */
@NullMarked
package org.llm4msr.runtime.data.buckets;

import org.jspecify.annotations.NullMarked;
