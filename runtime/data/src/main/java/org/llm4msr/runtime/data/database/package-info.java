/** The database that joins, sorts and encodes out of core, and what it reads and writes. */
@NullMarked
package org.llm4msr.runtime.data.database;

import org.jspecify.annotations.NullMarked;
