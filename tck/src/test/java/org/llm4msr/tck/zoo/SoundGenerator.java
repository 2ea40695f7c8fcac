package org.llm4msr.tck.zoo;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetContext;

/** Writes the format that {@link SoundReader} reads. Each flaw overrides one method. */
class SoundGenerator {

  void generate(ZooGeneratorConfig config, DatasetContext context, Progress progress)
      throws IOException {
    SplittableRandom random = new SplittableRandom(seed(config, context));
    List<byte[]> held = new ArrayList<>();
    try (Writer log = Files.newBufferedWriter(context.folder().resolve("log.txt"))) {
      for (long row = 0; row < rows(config); row++) {
        log.write(row(random, row));
        if (config.hoards()) {
          held.add(new byte[8000]);
        }
        if (row % 1000 == 0) {
          tell(progress, row, config.interactions());
        }
      }
    }
    tell(progress, config.interactions(), config.interactions());
    Files.writeString(context.folder().resolve("GENERATED.json"), label(config));
  }

  long seed(ZooGeneratorConfig config, DatasetContext context) {
    return config.seed();
  }

  long rows(ZooGeneratorConfig config) {
    return config.interactions();
  }

  /** Returns user, item, scenario, label and time. */
  String row(SplittableRandom random, long row) {
    return "%d %d %d %d %d\n"
        .formatted(
            random.nextInt(50), random.nextInt(90), random.nextInt(2), random.nextInt(2), row);
  }

  void tell(Progress progress, long done, long total) {
    progress.update(done, total);
  }

  String label(ZooGeneratorConfig config) {
    return "{\"generated\": true, \"model\": \"uniform\", \"seed\": %d}".formatted(config.seed());
  }
}
