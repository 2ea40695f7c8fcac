/** Generated logs in the schema of KuaiSAR, from a click model of their own. */
@NullMarked
package org.llm4msr.plugins.datasets.generator.kuaisar;

import org.jspecify.annotations.NullMarked;
