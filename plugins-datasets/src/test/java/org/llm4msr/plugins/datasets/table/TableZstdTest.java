package org.llm4msr.plugins.datasets.table;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.airlift.compress.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Rows;

class TableZstdTest extends TableFiles {

  private static final int ROWS = 50_000;

  private static byte[] compressed(String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = new ZstdOutputStream(bytes)) {
      out.write(text.getBytes(UTF_8));
    }
    return bytes.toByteArray();
  }

  private static String csv() {
    Random random = new Random(5);
    StringBuilder text = new StringBuilder("user,item,label\n");
    for (int i = 0; i < ROWS; i++) {
      text.append(i).append(',').append(random.nextInt(1_000_000)).append(",1\n");
    }
    return text.toString();
  }

  private List<String> users(String name) throws IOException {
    try (DatasetReader reader = reader(TableSettings.of(name))) {
      return Rows.of(reader, RawTable.INTERACTIONS).stream().map(row -> row.get("user")).toList();
    }
  }

  @Test
  void delimitedTextIsRead() throws IOException {
    Files.write(folder.resolve("log.csv.zst"), compressed(csv()));

    assertThat(users("log.csv.zst")).hasSize(ROWS).startsWith("0", "1").endsWith("49999");
  }

  @Test
  void linesOfJsonAreRead() throws IOException {
    String row = "{\"user\": 1, \"item\": 2, \"label\": 1}\n";
    Files.write(folder.resolve("log.jsonl.zst"), compressed(row.repeat(3)));

    assertThat(users("log.jsonl.zst")).containsExactly("1", "1", "1");
  }

  @ParameterizedTest
  @ValueSource(ints = {20, 1_000, 100_000})
  void aFileThatIsCutOffIsTold(int missing) throws IOException {
    byte[] bytes = compressed(csv());
    Files.write(folder.resolve("log.csv.zst"), Arrays.copyOf(bytes, bytes.length - missing));

    assertThatThrownBy(() -> users("log.csv.zst"))
        .hasMessageContaining("[data/DAMAGED_GZIP]")
        .hasMessageContaining("log.csv.zst is cut off or damaged");
  }

  @Test
  void aFileThatIsNotCompressedSoIsDamaged() throws IOException {
    Files.writeString(folder.resolve("log.csv.zst"), csv());

    assertThatThrownBy(() -> users("log.csv.zst"))
        .hasMessageContaining("[data/DAMAGED_GZIP]")
        .hasMessageContaining("log.csv.zst is cut off or damaged");
  }

  @Test
  void theEndOfTheNameMustSaySo() throws IOException {
    Files.write(folder.resolve("log.csv"), compressed(csv()));

    assertThatThrownBy(() -> users("log.csv"))
        .hasMessageContaining("log.csv is compressed with zstd. Give it a name that ends in .zst.");
  }
}
