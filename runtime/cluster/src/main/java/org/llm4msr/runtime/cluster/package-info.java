/**
 * What the processes of a cluster call, through types of the JDK alone: a class loader of its own
 * holds the runtime there, beside the other versions of libraries that the cluster brings. Each job
 * is a service of {@link java.util.function.Function}, found by the name of its class.
 */
@NullMarked
package org.llm4msr.runtime.cluster;

import org.jspecify.annotations.NullMarked;
