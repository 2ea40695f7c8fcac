package org.llm4msr.runtime.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SetAsideTest {

  private static final Map<String, String> BEFORE =
      Map.of("a.txt", "old a", "sub/b.txt", "old b", "the.lock", "");

  @TempDir Path folder;

  private SetAside aside;

  @BeforeEach
  void fill() throws IOException {
    write("a.txt", "old a");
    write("sub/b.txt", "old b");
    write("the.lock", "");
    aside = new SetAside(folder, "the.lock");
  }

  @Test
  void isPutBackInThePlaceOfWhatCameInstead() throws IOException {
    aside.begin();
    assertThat(visible()).containsOnlyKeys("the.lock");
    write("a.txt", "new a");
    write("new/c.txt", "new c");

    aside.settle(false);

    assertThat(all()).isEqualTo(BEFORE);
  }

  @Test
  void isDeletedWhenItIsReplaced() throws IOException {
    aside.begin();
    write("a.txt", "new a");

    aside.settle(true);

    assertThat(all()).isEqualTo(Map.of("a.txt", "new a", "the.lock", ""));
  }

  @Test
  void whatWasHalfMovedComesBackBesideWhatWasNot() throws IOException {
    Path part = Files.createDirectory(folder.resolve(".replaced.tmp"));
    Files.move(folder.resolve("sub"), part.resolve("sub"));

    aside.settle(false);

    assertThat(all()).isEqualTo(BEFORE);
  }

  @Test
  void nothingToSettleChangesNothing() throws IOException {
    aside.settle(true);
    aside.settle(false);

    assertThat(all()).isEqualTo(BEFORE);
  }

  private void write(String name, String content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  private Map<String, String> visible() throws IOException {
    Map<String, String> files = all();
    files.keySet().removeIf(name -> name.startsWith("."));
    return files;
  }

  private Map<String, String> all() throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        files.put(folder.relativize(path).toString(), Files.readString(path));
      }
    }
    return files;
  }
}
