package org.llm4msr.runtime.data.buckets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BucketBoundsTest {

  private static final BucketBounds AGES = new BucketBounds(List.of(18.0, 25.0, 35.5));

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "-1e300, 1",
    "18, 1",
    "18.000000000000004, 2",
    "25, 2",
    "26, 3",
    "35.5, 3",
    "36, 4",
    "1e300, 4",
    "NaN, 0",
    "Infinity, 0",
    "-Infinity, 0"
  })
  void aBoundBelongsToTheRangeBelowIt(double number, int id) {
    assertThat(AGES.id(number)).isEqualTo(id);
  }

  @Test
  void rangesHaveNamesAndNumbersOfTheirOwn() {
    assertThat(AGES.ranges()).containsExactly("up to 18", "18 to 25", "25 to 35.5", "over 35.5");
    for (int id = 1; id <= 4; id++) {
      assertThat(AGES.id(AGES.number(id))).isEqualTo(id);
    }
    BucketBounds none = new BucketBounds(List.of());
    assertThat(none.ranges()).containsExactly("all");
    assertThat(none.id(7)).isEqualTo(none.id(none.number(1))).isEqualTo(1);
    assertThat(new BucketBounds(List.of(0.1, Math.nextUp(0.1))).ranges()).doesNotHaveDuplicates();
  }

  @Test
  void aFileHasWhatWasWritten() throws IOException {
    Path file = Files.write(folder.resolve("age.json"), AGES.json());

    assertThat(file).hasContent("{\"bounds\":[18.0,25.0,35.5]}");
    assertThat(BucketBounds.read(file, 5)).isEqualTo(AGES);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"bounds\":[18.0,18.0,35.5]}",
        "{\"bounds\":[18.0,25.0]}",
        "{\"bounds\":[18.0,null,35.5]}",
        "{\"bounds\":[18.0,25.0,\"NaN\"]}",
        "{}",
        "[]",
        ""
      })
  void aDamagedFileIsNamed(String content) throws IOException {
    Path file = Files.writeString(folder.resolve("age.json"), content);

    assertThatThrownBy(() -> BucketBounds.read(file, 5))
        .hasMessageContaining("[data/BAD_MANIFEST] " + file)
        .hasMessageContaining("Prepare the data again.");
  }
}
