/** Meta networks and fusion heads. */
@NullMarked
package org.llm4msr.plugins.fusion;

import org.jspecify.annotations.NullMarked;
