package org.llm4msr.runtime.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LongSorterTest {

  @TempDir Path folder;

  private static long[] sorted(LongSorter sorter) throws IOException {
    LongStream.Builder values = LongStream.builder();
    sorter.forEachSorted(values::add);
    return values.build().toArray();
  }

  private long files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.count();
    }
  }

  @Test
  void isEmptyAtFirst() throws IOException {
    try (LongSorter sorter = new LongSorter(folder, 4)) {
      assertThat(sorted(sorter)).isEmpty();
    }
  }

  /** Capacity 3: 3 1 2 and 9 7 8 go to the disk, 5 stays. */
  @Test
  void writesWhatDoesNotFit() throws IOException {
    try (LongSorter sorter = new LongSorter(folder, 3)) {
      for (long value : new long[] {3, 1, 2}) {
        sorter.add(value);
      }
      assertThat(files()).isZero();
      for (long value : new long[] {9, 7, 8, 5}) {
        sorter.add(value);
      }

      assertThat(files()).isEqualTo(2);
      assertThat(sorted(sorter)).containsExactly(1, 2, 3, 5, 7, 8, 9);
    }
    assertThat(files()).isZero();
  }

  @Test
  void takesMoreAfterItWasRead() throws IOException {
    try (LongSorter sorter = new LongSorter(folder, 2)) {
      for (long value : new long[] {4, 2, 3}) {
        sorter.add(value);
      }
      assertThat(sorted(sorter)).containsExactly(2, 3, 4);
      sorter.add(1);
      sorter.add(5);

      assertThat(sorted(sorter)).containsExactly(1, 2, 3, 4, 5);
    }
  }

  @Test
  void keepsEqualAndExtremeValues() throws IOException {
    long[] values = {Long.MAX_VALUE, 0, Long.MIN_VALUE, 0, -1, Long.MAX_VALUE, 0};
    try (LongSorter sorter = new LongSorter(folder, 2)) {
      for (long value : values) {
        sorter.add(value);
      }

      assertThat(sorted(sorter))
          .containsExactly(Long.MIN_VALUE, -1, 0, 0, 0, Long.MAX_VALUE, Long.MAX_VALUE);
    }
  }

  /** In memory with arrays that grow; in few runs, each longer than a buffer; in many. */
  @ParameterizedTest
  @ValueSource(ints = {1_000_000, 200_000, 7_001})
  void sortsAsOneArrayWould(int capacity) throws IOException {
    long[] values = new Random(3).longs(500_000).map(value -> value >> 20).toArray();
    try (LongSorter sorter = new LongSorter(folder, capacity)) {
      for (long value : values) {
        sorter.add(value);
      }
      long[] found = sorted(sorter);

      Arrays.sort(values);
      assertThat(Arrays.equals(found, values)).isTrue();
    }
    assertThat(files()).isZero();
  }
}
