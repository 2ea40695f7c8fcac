/** What is served over gRPC. */
@NullMarked
package org.llm4msr.server.grpc;

import org.jspecify.annotations.NullMarked;
