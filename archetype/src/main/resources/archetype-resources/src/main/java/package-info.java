/** The backbone {@code ${artifactId}}. */
@NullMarked
package ${package};

import org.jspecify.annotations.NullMarked;
