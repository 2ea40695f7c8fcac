package org.llm4msr.spark.score;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.jspecify.annotations.Nullable;
import scala.jdk.javaapi.CollectionConverters;

/** Turns the values of Spark's rows into those of the JDK. */
final class JdkValues {

  private JdkValues() {}

  /** Returns a value; arrays become lists, structures and maps become maps. */
  static @Nullable Object of(@Nullable Object value) {
    if (value instanceof scala.collection.Seq<?> elements) {
      List<@Nullable Object> list = new ArrayList<>(elements.size());
      CollectionConverters.asJava(elements).forEach(element -> list.add(of(element)));
      return list;
    }
    if (value instanceof Row row) {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      String[] names = row.schema().fieldNames();
      for (int i = 0; i < names.length; i++) {
        map.put(names[i], of(row.get(i)));
      }
      return map;
    }
    if (value instanceof scala.collection.Map<?, ?> entries) {
      Map<@Nullable Object, @Nullable Object> map = new LinkedHashMap<>();
      CollectionConverters.asJava(entries).forEach((key, entry) -> map.put(of(key), of(entry)));
      return map;
    }
    return value;
  }
}
