/** Models as ONNX graphs for programs of others. */
@NullMarked
package org.llm4msr.serving.export;

import org.jspecify.annotations.NullMarked;
