package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PyTorchEngineTest {

  @Test
  void aPathWithoutTheLibraryIsRefused(@TempDir Path folder) throws IOException {
    Path library = folder.resolve(System.mapLibraryName("torch"));
    String several = "/nowhere" + File.pathSeparator + folder;

    for (String path : new String[] {several, library.toString()}) {
      assertThatThrownBy(() -> PyTorchEngine.requireLibrary(path))
          .hasMessageContainingAll("[engine/NO_LIBRARY]", path, "unset the variable");
    }
    Files.createFile(library);
    for (String path : new String[] {several, library.toString(), null}) {
      assertThatCode(() -> PyTorchEngine.requireLibrary(path)).doesNotThrowAnyException();
    }
  }
}
