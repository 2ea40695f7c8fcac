/** Who may ask what: tokens, hosts and certificates, which are read again when they change. */
@NullMarked
package org.llm4msr.server.access;

import org.jspecify.annotations.NullMarked;
