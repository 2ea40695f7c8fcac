/** Pages on runs: charts drawn as SVG, in one self-contained file. */
@NullMarked
package org.llm4msr.runtime.report;

import org.jspecify.annotations.NullMarked;
