package org.llm4msr.toolkit.safetensors;

import java.util.List;

/**
 * Where an array lies in a file.
 *
 * @param type as safetensors names it
 * @param shape no length is negative
 * @param offset bytes of the file before it
 */
public record StoredArray(String name, String type, List<Long> shape, long offset) {

  public StoredArray {
    shape = List.copyOf(shape);
  }

  /** Returns the number of its elements. */
  public long elements() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }

  /** Returns whether {@link SafetensorsFile#read} knows its type. */
  public boolean isReadable() {
    return NumberType.of(type) != null;
  }

  /** Returns whether {@link SafetensorsFile#longs} reads it. */
  public boolean isInt64() {
    return type.equals("I64");
  }

  /** Returns the bytes of an element; 0 for a type that is not read. */
  int elementBytes() {
    NumberType number = NumberType.of(type);
    return number != null ? number.bytes() : isInt64() ? Long.BYTES : 0;
  }
}
