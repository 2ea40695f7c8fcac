/** Backbones that adapt weights, neurons or representations to the scenario. */
@NullMarked
package org.llm4msr.plugins.backbones.adaptive;

import org.jspecify.annotations.NullMarked;
