package org.llm4msr.runtime.data.slices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.config.SplitConfig;
import org.llm4msr.runtime.data.preparation.ListReader;
import org.llm4msr.runtime.data.preparation.Preparations;
import org.llm4msr.runtime.data.prepared.Split;

/**
 * Twenty training rows and the slices of six test rows, worked by hand. Training row k has the user
 * u(k % 2) and the item i0 for the first 14 rows, then i1 (four), i2 and i3.
 */
class RowSlicesTest {

  private static final int TRAIN = 20;

  @TempDir static Path folder;

  @BeforeAll
  static void prepare() {
    List<String> users = new ArrayList<>();
    List<String> items = new ArrayList<>();
    List<String> values = new ArrayList<>();
    List<List<String>> tags = new ArrayList<>();
    List<Double> numbers = new ArrayList<>();
    List<String> splits = new ArrayList<>();
    for (int k = 0; k < TRAIN; k++) {
      users.add("u" + k % 2);
      items.add(k < 14 ? "i0" : k < 18 ? "i1" : "i" + (k - 16));
      // v0 has eight rows, v1 three, v2 and after one each.
      values.add(k < 8 ? "v0" : k < 11 ? "v1" : "v" + (k - 9));
      tags.add(k % 2 == 0 ? List.of("even") : List.of("odd", "odder"));
      numbers.add(k == 19 ? null : 1.0 + k);
      splits.add("train");
    }
    // The test part must not count: five rows of the new item i9.
    for (int k = 0; k < 6; k++) {
      users.add(k < 3 ? "u0" : "u" + k);
      items.add(k == 0 ? "i0" : k == 1 ? "i1" : k == 2 ? "i3" : "i9");
      values.add(List.of("v0", "v1", "v9", "v10", "new", "v2").get(k));
      tags.add(
          List.of(
                  List.of("even", "odd"),
                  List.of("odder", "new"),
                  List.of("new"),
                  List.<String>of(),
                  List.of("even"),
                  List.of("odd"))
              .get(k));
      numbers.add(k == 5 ? null : List.of(1.0, 5.0, 6.0, 15.0, 99.0).get(k));
      splits.add("test");
    }
    ListReader reader = new ListReader();
    reader
        .table(
            RawTable.INTERACTIONS,
            RawSchema.USER,
            users,
            RawSchema.ITEM,
            items,
            RawSchema.SCENARIO,
            users.stream().map(user -> "feed").toList(),
            RawSchema.LABEL,
            IntStream.range(0, users.size()).mapToObj(k -> (long) k % 2).toList(),
            RawSchema.SPLIT,
            splits,
            "value",
            values,
            "tags",
            tags,
            "number",
            numbers,
            "image",
            numbers.stream().map(number -> List.of(1.0, 2.0)).toList())
        .field("value", RawTable.INTERACTIONS, new FieldKind.Categorical())
        .field("tags", RawTable.INTERACTIONS, new FieldKind.MultiCategorical())
        .field("number", RawTable.INTERACTIONS, new FieldKind.Numeric())
        .field("image", RawTable.INTERACTIONS, new FieldKind.Vector(2));
    Preparations.prepare(
            reader, Preparations.config(Preparations.split(SplitConfig.By.GIVEN), 1), folder())
        .close();
  }

  private static Path folder() {
    return folder.resolve("prepared");
  }

  private static Slicing slicing(String name) {
    return RowSlices.of(folder(), Split.TEST, List.of(name)).get(0);
  }

  /** Returns the names of the slices of each test row. */
  private static List<List<String>> slices(Slicing slicing) {
    return IntStream.range(0, 6)
        .mapToObj(
            row ->
                IntStream.range(0, slicing.slices().size())
                    .filter(slice -> (slicing.of(row) >> slice & 1) == 1)
                    .mapToObj(slicing.slices()::get)
                    .toList())
        .toList();
  }

  private static List<List<String>> single(String... slices) {
    return List.of(slices).stream().map(List::of).toList();
  }

  @Test
  void countsTrainingRowsOnly() {
    Slicing items = slicing("item-rows");
    assertThat(items.title()).isEqualTo("training rows of the item");
    assertThat(items.slices()).containsExactly("0", "1-4", "5+");
    assertThat(slices(items)).isEqualTo(single("5+", "1-4", "1-4", "0", "0", "0"));

    Slicing users = slicing("user-rows");
    assertThat(users.slices()).containsExactly("0", "1-9", "10+");
    assertThat(slices(users)).isEqualTo(single("10+", "10+", "10+", "0", "0", "0"));
  }

  @Test
  void namesTheEightMostFrequentValuesAndPutsTheOthersTogether() {
    Slicing values = slicing("value");
    assertThat(values.slices()).startsWith("v0", "v1").hasSize(10).endsWith("(other)", "(unknown)");
    // Values of one row each follow by id, which is their order as texts.
    assertThat(values.slices().subList(2, 8)).containsExactly("v10", "v2", "v3", "v4", "v5", "v6");
    assertThat(slices(values)).isEqualTo(single("v0", "v1", "(other)", "v10", "(unknown)", "v2"));
  }

  @Test
  void putsARowIntoTheSliceOfEachOfItsValues() {
    Slicing tags = slicing("tags");
    assertThat(tags.slices()).containsExactlyInAnyOrder("even", "odd", "odder", "(unknown)");
    assertThat(slices(tags).get(0)).containsExactlyInAnyOrder("even", "odd");
    assertThat(slices(tags).subList(1, 6))
        .isEqualTo(single("odder", "(unknown)", "(unknown)", "even", "odd"));
    assertThat(tags.rows("odd", 6)).containsExactly(0, 5);
    assertThat(tags.rows("no such", 6)).isEmpty();
  }

  /** The mean, 10, stands for no number: the 18 others are 1 to 9 and 11 to 19. */
  @Test
  void cutsNumbersAtTheQuartilesOfTheTrainingRows() {
    Slicing numbers = slicing("number");
    // The 5th, 9th and 14th of them.
    assertThat(numbers.slices())
        .containsExactly("up to 5", "5 to 9", "9 to 15", "over 15", "(missing)");
    assertThat(slices(numbers))
        .isEqualTo(single("up to 5", "up to 5", "5 to 9", "9 to 15", "over 15", "(missing)"));
  }

  @Test
  void namesWhatThereIs() {
    assertThatThrownBy(() -> slicing("valeu"))
        .isInstanceOf(MsrException.class)
        .hasMessage(
            "[data/NO_SLICES] evaluation.slices has 'valeu', which is no field of %s. Did you mean"
                + " value? It may have item-rows, user-rows, value, tags, number.",
            folder());
    assertThatThrownBy(() -> slicing("image"))
        .hasMessage(
            "[data/NO_SLICES] evaluation.slices has 'image', which is a vector and has no slices. It may have item-rows, user-rows, value, tags, number.");
  }
}
