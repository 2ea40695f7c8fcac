package org.llm4msr.plugins.backbones.adaptive;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.List;
import java.util.stream.Stream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Field;

/** Some fields of the flat input, side by side. */
final class PriorFields {

  private final List<Field> all;
  private final List<Integer> chosen;

  private PriorFields(List<Field> all, List<Integer> chosen) {
    this.all = all;
    this.chosen = chosen;
  }

  /**
   * Finds fields.
   *
   * @param names of the fields; if empty: the first field of users, of items and of authors
   */
  static PriorFields of(FeatureLayout layout, List<String> names) {
    List<Integer> chosen = names.isEmpty() ? firstOfRoles(layout) : named(layout, names);
    if (chosen.isEmpty()) {
      throw new MsrException(
          ErrorType.USER,
          "ppnet/NO_PRIORS",
          "ppnet finds no field of a user, item or author for its gates. Name fields in"
              + " model.backbone.priors; there are "
              + names(layout)
              + ".");
    }
    return new PriorFields(layout.fields(), chosen);
  }

  private static List<Integer> firstOfRoles(FeatureLayout layout) {
    List<FieldRole> roles = layout.fields().stream().map(Field::role).toList();
    return Stream.of(FieldRole.USER, FieldRole.ITEM, FieldRole.AUTHOR)
        .map(roles::indexOf)
        .filter(index -> index >= 0)
        .toList();
  }

  private static List<Integer> named(FeatureLayout layout, List<String> names) {
    List<String> all = names(layout);
    for (String name : names) {
      if (!all.contains(name)) {
        throw new MsrException(
            ErrorType.USER,
            "ppnet/UNKNOWN_FIELD",
            "model.backbone.priors names the field '%s', which the data do not have. There are %s."
                .formatted(name, all));
      }
    }
    return names.stream().distinct().map(all::indexOf).toList();
  }

  private static List<String> names(FeatureLayout layout) {
    return layout.fields().stream().map(Field::name).toList();
  }

  int width() {
    return chosen.stream().mapToInt(index -> all.get(index).width()).sum();
  }

  /** Picks the columns of (B, W). */
  NDArray of(NDArray flat) {
    long[] cuts = all.stream().skip(1).mapToLong(Field::offset).toArray();
    NDList fields = cuts.length == 0 ? new NDList(flat) : flat.split(cuts, 1);
    NDList picked = new NDList(chosen.stream().map(fields::get).toList());
    return picked.size() == 1 ? picked.get(0) : NDArrays.concat(picked, 1);
  }
}
