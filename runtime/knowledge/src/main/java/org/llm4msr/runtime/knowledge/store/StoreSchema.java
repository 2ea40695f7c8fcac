package org.llm4msr.runtime.knowledge.store;

import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.llm4msr.runtime.config.KnowledgeConfig.Precision;

/** The columns of a segment. */
final class StoreSchema {

  static final String KEY = "key";
  static final String PROMPT_HASH = "prompt_hash";
  static final String VECTOR = "vector";
  static final String TEXT = "text";
  static final String TOKENS = "tokens";
  static final String DROPPED = "dropped_history";

  /** Entry of the schema's metadata: {@link StoreInfo#identity()}. */
  static final String IDENTITY = "llm4msr.knowledge.identity";

  /** Bytes of a prompt hash. */
  static final int HASH_BYTES = 32;

  /**
   * The index of the buffer of a record batch that holds the vectors; before it are three of the
   * key (validity, offsets, bytes), two of the prompt hash, and the validities of list and
   * elements.
   */
  static final int VECTOR_BUFFER = 7;

  /** Node of the text in a record batch, the only one that may have nulls. */
  static final int TEXT_NODE = 4;

  private StoreSchema() {}

  static Schema of(StoreInfo info) {
    ArrowType element =
        new ArrowType.FloatingPoint(
            info.precision() == Precision.FLOAT16
                ? FloatingPointPrecision.HALF
                : FloatingPointPrecision.SINGLE);
    ArrowType list = new ArrowType.FixedSizeList(info.encoder().dimension());
    ArrowType number = new ArrowType.Int(32, true);
    return new Schema(
        List.of(
            required(KEY, ArrowType.Utf8.INSTANCE),
            required(PROMPT_HASH, new ArrowType.FixedSizeBinary(HASH_BYTES)),
            new Field(VECTOR, FieldType.notNullable(list), List.of(required("item", element))),
            Field.nullable(TEXT, ArrowType.Utf8.INSTANCE),
            required(TOKENS, number),
            required(DROPPED, number)),
        Map.of(IDENTITY, info.identity()));
  }

  /** Returns whether columns have the right names and types; nullability is ignored. */
  static boolean matches(Schema found, Schema wanted) {
    if (found.getFields().size() != wanted.getFields().size()) {
      return false;
    }
    for (int i = 0; i < wanted.getFields().size(); i++) {
      Field is = found.getFields().get(i);
      Field should = wanted.getFields().get(i);
      if (!is.getName().equals(should.getName())
          || !is.getType().equals(should.getType())
          || !elementType(is).equals(elementType(should))) {
        return false;
      }
    }
    return true;
  }

  private static ArrowType elementType(Field field) {
    return field.getChildren().isEmpty() ? field.getType() : field.getChildren().get(0).getType();
  }

  private static Field required(String name, ArrowType type) {
    return new Field(name, FieldType.notNullable(type), null);
  }
}
