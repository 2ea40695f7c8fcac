/** Pages on runs: charts drawn as SVG, in one file that needs no other. */
@NullMarked
package org.llm4msr.runtime.report;

import org.jspecify.annotations.NullMarked;
