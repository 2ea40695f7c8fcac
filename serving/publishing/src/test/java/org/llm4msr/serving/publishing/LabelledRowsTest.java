package org.llm4msr.serving.publishing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;

class LabelledRowsTest {

  @TempDir Path folder;

  private List<Float> labels(String csv) throws IOException {
    Path file = Files.writeString(folder.resolve("rows.csv"), csv);
    List<Float> labels = new ArrayList<>();
    new LabelledRows(file, "|")
        .forEach(
            List.of(),
            (rows, first) -> {
              for (int row = 0; row < rows.size(); row++) {
                labels.add(rows.label(row, first));
              }
            });
    return labels;
  }

  @Test
  void readsEachFormOfALabel() throws IOException {
    assertThat(labels("user,label\na,1\nb,0\nc,1.0\nd,0.0\ne,true\nf,false\n"))
        .containsExactly(1f, 0f, 1f, 0f, 1f, 0f);
  }

  @Test
  void refusesAnotherLabelByItsRow() {
    assertThatThrownBy(() -> labels("user,label\na,1\nb,0.5\n"))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("rows.csv: row 1 has the label '0.5'. Labels are 0 or 1.");
    assertThatThrownBy(() -> labels("user,label\na,\n"))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("row 0 has the label ''");
  }

  @Test
  void refusesRowsWithoutLabelsByTheirColumns() {
    assertThatThrownBy(() -> labels("user,click\na,1\n"))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("data/MISSING_COLUMN")
        .hasMessageContaining("has no column 'label'. It has [user, click]");
  }
}
