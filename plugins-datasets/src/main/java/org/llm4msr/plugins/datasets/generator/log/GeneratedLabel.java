package org.llm4msr.plugins.datasets.generator.log;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;

/** {@code GENERATED.json}: says that the files beside it are generated, and how. */
public final class GeneratedLabel {

  public static final String FILE = "GENERATED.json";

  private GeneratedLabel() {}

  /** Writes the label; it appears only once it is complete. */
  public static void write(Path folder, Map<String, Object> content) throws IOException {
    Path partial = folder.resolve(FILE + ".part");
    new ObjectMapper()
        .enable(SerializationFeature.INDENT_OUTPUT)
        .writeValue(partial.toFile(), content);
    Files.move(
        partial,
        folder.resolve(FILE),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }
}
