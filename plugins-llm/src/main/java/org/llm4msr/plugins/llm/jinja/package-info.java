/** Renders chat templates as Jinja2 does. */
@NullMarked
package org.llm4msr.plugins.llm.jinja;

import org.jspecify.annotations.NullMarked;
