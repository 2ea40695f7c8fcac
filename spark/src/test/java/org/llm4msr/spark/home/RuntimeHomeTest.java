package org.llm4msr.spark.home;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RuntimeHomeTest {

  private static final String PROCESS = "executor 3 on node7";

  @TempDir Path folder;

  @Test
  void anArchiveMayLieOneFolderDeeper() throws IOException {
    Path lib = Files.createDirectories(folder.resolve("llm4msr-0.1.0/lib"));
    Path jar = Files.createFile(lib.resolve("llm4msr-cluster-0.1.0.jar"));
    Path natives = Files.createFile(lib.resolve("pytorch-native-cpu-2.7.1-linux-x86_64.jar"));
    Files.createFile(lib.resolve("readme.txt"));
    Path plugins = Files.createDirectory(folder.resolve("llm4msr-0.1.0/plugins"));

    RuntimeHome home = RuntimeHome.open(folder, PROCESS);

    assertThat(home.classPath()).containsExactly(jar, natives);
    assertThat(home.plugins()).containsExactly(plugins);
    assertThatThrownBy(() -> home.fitting("0.2.0", PROCESS))
        .isInstanceOf(JobException.class)
        .hasMessage(
            "[spark/OTHER_VERSION] %s, of the executor 3 on node7, holds llm4msr 0.1.0, but the job"
                + " is of 0.2.0. Unpack the archive of that version there.",
            folder);
  }

  @Test
  void aCheckoutNamesItsClassPath() throws IOException {
    Path classes = Files.createDirectory(folder.resolve("classes"));
    Path target = Files.createDirectories(folder.resolve("dist/target/launcher"));
    Files.writeString(target.resolve("classpath.txt"), classes + ":" + folder.resolve("gone.jar"));

    RuntimeHome home = RuntimeHome.open(folder, PROCESS);

    assertThat(home.classPath()).containsExactly(classes);
    assertThat(home.fitting("0.2.0", PROCESS)).as("classes have no version").isSameAs(home);
  }

  @Test
  void nativesOfAnotherPlatformAreRefused() throws IOException {
    Path lib = Files.createDirectories(folder.resolve("lib"));
    Files.createFile(lib.resolve("pytorch-native-cpu-2.7.1-plan9-sparc.jar"));

    assertThatThrownBy(() -> RuntimeHome.open(folder, PROCESS).fitting(null, PROCESS))
        .hasMessageStartingWith("[spark/OTHER_PLATFORM] ")
        .hasMessageContaining("is built for plan9-sparc, but that is ");
    assertThat(RuntimeHome.platform("Linux", "amd64")).isEqualTo("linux-x86_64");
    assertThat(RuntimeHome.platform("Mac OS X", "aarch64")).isEqualTo("osx-aarch64");
  }

  @Test
  void aFolderWithoutTheRuntimeSaysWhereAndWhatToDo() {
    assertThatThrownBy(() -> RuntimeHome.open(folder, PROCESS))
        .isInstanceOf(JobException.class)
        .hasMessageStartingWith(
            "[spark/NO_HOME] %s, of the executor 3 on node7, holds no llm4msr.", folder)
        .hasMessageContaining("spark.archive");
  }
}
