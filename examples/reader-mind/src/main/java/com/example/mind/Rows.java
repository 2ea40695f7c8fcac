package com.example.mind;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A stream of rows; values are String, Long, Integer or List of String. */
interface Rows extends Closeable {

  /** Returns the values of the next row in the order of the columns, or null at the end. */
  @Nullable List<?> next() throws IOException;
}
