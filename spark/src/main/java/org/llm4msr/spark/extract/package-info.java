/** Extracts knowledge: executors hold the language model, the driver the prompts and the store. */
@NullMarked
package org.llm4msr.spark.extract;

import org.jspecify.annotations.NullMarked;
