package org.llm4msr.toolkit.arrow;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.KeyValue;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.Schema;
import org.apache.arrow.flatbuf.Type;
import org.jspecify.annotations.Nullable;

/**
 * Bounds what reading a schema makes of it: parts of its bytes may be children of many fields, or
 * of themselves, and one name that of all.
 */
final class SchemaSize {

  private static final int DEEPEST = 16;
  private static final int MOST_FIELDS = 10_000;

  private final int mostText;
  private int fields;
  private long text;

  private SchemaSize(int mostText) {
    this.mostText = mostText;
  }

  /**
   * Refuses a schema that is too large, or has a column of a type whose values are not checked.
   *
   * @param message with the schema
   * @param bytes of the message
   */
  static void require(Message message, int bytes) throws IOException {
    Schema schema = (Schema) message.header(new Schema());
    if (schema == null) {
      throw new IOException("it has no schema");
    }
    SchemaSize size = new SchemaSize(bytes);
    for (int i = 0; i < schema.customMetadataLength(); i++) {
      size.add(schema.customMetadata(i));
    }
    for (int i = 0; i < schema.fieldsLength(); i++) {
      size.add(schema.fields(i), 1);
    }
  }

  private void add(Field field, int depth) throws IOException {
    fields++;
    if (depth > DEEPEST || fields > MOST_FIELDS) {
      throw new IOException(
          "its schema has more than %,d columns, or some %d levels deep"
              .formatted(MOST_FIELDS, DEEPEST + 1));
    }
    add(field.nameAsByteBuffer());
    for (int i = 0; i < field.customMetadataLength(); i++) {
      add(field.customMetadata(i));
    }
    switch (field.typeType()) {
      case Type.Union, Type.ListView, Type.LargeListView, Type.RunEndEncoded ->
          throw new IOException(
              "column '%s' is a %s, which is not read; cast it to a text, a list or a number"
                  .formatted(field.name(), Type.name(field.typeType())));
      default -> {} // Its values are compared with its buffers.
    }
    for (int i = 0; i < field.childrenLength(); i++) {
      add(field.children(i), depth + 1);
    }
  }

  private void add(KeyValue pair) throws IOException {
    add(pair.keyAsByteBuffer());
    add(pair.valueAsByteBuffer());
  }

  private void add(@Nullable ByteBuffer name) throws IOException {
    text += name == null ? 0 : name.remaining();
    if (text > mostText) {
      throw new IOException("the names of its schema overlap");
    }
  }
}
