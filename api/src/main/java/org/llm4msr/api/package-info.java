/** What every plugin has: its name, its configuration, its errors and its promise of stability. */
@NullMarked
package org.llm4msr.api;

import org.jspecify.annotations.NullMarked;
