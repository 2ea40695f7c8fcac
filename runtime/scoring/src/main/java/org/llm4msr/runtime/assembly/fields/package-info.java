/** The embedding tables of a model's fields. */
@NullMarked
package org.llm4msr.runtime.assembly.fields;

import org.jspecify.annotations.NullMarked;
