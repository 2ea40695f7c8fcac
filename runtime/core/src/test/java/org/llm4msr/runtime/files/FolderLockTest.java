package org.llm4msr.runtime.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderLockTest {

  @TempDir Path folder;

  @Test
  void isOneHoldersAtATime() throws IOException {
    Path file = folder.resolve("lock");
    assertThat(FolderLock.isHeld(file)).isFalse();
    try (FolderLock lock = FolderLock.tryTake(file)) {
      assertThat(lock).isNotNull();
      assertThat(FolderLock.isHeld(file)).isTrue();
      assertThat(FolderLock.tryTake(file)).isNull();
    }
    assertThat(FolderLock.isHeld(file)).isFalse();
    try (FolderLock again = FolderLock.tryTake(file)) {
      assertThat(again).isNotNull();
    }
  }

  /** The kernel lets go of a process's locks on a file when it closes any descriptor of it. */
  @Test
  void lookingAtItDoesNotLetItGo() throws IOException {
    Path file = folder.resolve("lock");
    try (FolderLock lock = FolderLock.tryTake(file)) {
      assertThat(lock).isNotNull();
      assumeTrue(isKnownToTheKernel(file), "/proc/locks shows no locks here");

      assertThat(FolderLock.isHeld(file)).isTrue();
      assertThat(FolderLock.tryTake(folder.resolve("../" + folder.getFileName() + "/lock")))
          .isNull();

      assertThat(isKnownToTheKernel(file)).isTrue();
    }
  }

  private static boolean isKnownToTheKernel(Path file) throws IOException {
    Path locks = Path.of("/proc/locks");
    String inode = ":" + Files.getAttribute(file, "unix:ino") + " ";
    return Files.exists(locks)
        && Files.readAllLines(locks).stream().anyMatch(line -> line.contains(inode));
  }
}
