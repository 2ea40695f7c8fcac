/** The plugin {@code ${artifactId}} of llm4msr. */
@NullMarked
package ${package};

import org.jspecify.annotations.NullMarked;
