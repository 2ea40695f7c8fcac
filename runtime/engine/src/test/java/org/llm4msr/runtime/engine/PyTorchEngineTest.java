package org.llm4msr.runtime.engine;

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
      assertThatThrownBy(() -> PyTorchEngine.requireLibrary(path, "cpu"))
          .hasMessageContainingAll("[engine/NO_LIBRARY]", path, "unset it");
    }
    Files.createFile(library);
    for (String path : new String[] {several, library.toString(), null}) {
      assertThatCode(() -> PyTorchEngine.requireLibrary(path, "cpu")).doesNotThrowAnyException();
    }
  }

  @Test
  void aFlavorThatDjlDoesNotHaveIsRefused(@TempDir Path folder) throws IOException {
    Files.createFile(folder.resolve(System.mapLibraryName("torch")));

    assertThatThrownBy(() -> PyTorchEngine.requireLibrary(folder.toString(), "cu126"))
        .hasMessageContainingAll("[engine/NO_LIBRARY]", "is 'cu126'", "PYTORCH_FLAVOR=cu128");
    assertThatThrownBy(() -> PyTorchEngine.requireLibrary(folder.toString(), null))
        .hasMessageContaining("PYTORCH_FLAVOR is not");
    assertThatCode(() -> PyTorchEngine.requireLibrary(folder.toString(), "cu128"))
        .doesNotThrowAnyException();
    Files.createFile(folder.resolve(System.mapLibraryName("djl_torch")));
    assertThatCode(() -> PyTorchEngine.requireLibrary(folder.toString(), "own"))
        .doesNotThrowAnyException();
  }
}
