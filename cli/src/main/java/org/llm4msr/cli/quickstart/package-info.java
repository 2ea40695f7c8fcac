/** The models of the quickstart, and how they compare. */
@NullMarked
package org.llm4msr.cli.quickstart;

import org.jspecify.annotations.NullMarked;
