/**
 * The runtime in the processes of Spark: found in a folder, and loaded by a class loader of its
 * own, since Spark brings other versions of the same libraries.
 */
@NullMarked
package org.llm4msr.spark.home;

import org.jspecify.annotations.NullMarked;
