package org.llm4msr.runtime.experiment;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.files.PeakMemory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time and memory of one call of a stage; a stage that continued after a stop has several.
 *
 * @param stage its name
 * @param seconds from beginning to end
 * @param peakBytes largest resident memory of the process meanwhile, or null if the system does not
 *     tell
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record StageCost(String stage, double seconds, @Nullable Long peakBytes) {

  /** The stage of what only models with knowledge need. */
  public static final String EXTRACT = "extract";

  /** The stages in the order of their work. */
  public static final List<String> STAGES = List.of("prepare", EXTRACT, "train", "evaluate");

  private static final String FILE = "stages.jsonl";
  private static final Logger LOG = LoggerFactory.getLogger(StageCost.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Returns the costs of the stages whose files lie in a folder; a damaged line is left out. */
  public static List<StageCost> read(Path folder) {
    Path file = folder.resolve(FILE);
    List<StageCost> costs = new ArrayList<>();
    if (Files.exists(file)) {
      try {
        for (String line : Files.readAllLines(file)) {
          costs.add(JSON.readValue(line, StageCost.class));
        }
      } catch (IOException e) {
        LOG.warn("{} cannot be read to its end: {}", file, e.toString());
      }
    }
    return costs;
  }

  /** Measures a call. */
  static final class Meter {

    private final String stage;
    private final long start = System.nanoTime();

    private Meter(String stage) {
      this.stage = stage;
    }

    /** Begins to measure. */
    static Meter start(String stage) {
      PeakMemory.reset();
      return new Meter(stage);
    }

    /**
     * Appends the measurement to the file in a folder. If the disk is full, the line is lost, but
     * the stage does not fail.
     */
    void write(Path folder) {
      StageCost cost = new StageCost(stage, (System.nanoTime() - start) / 1e9, PeakMemory.bytes());
      try {
        Files.writeString(
            folder.resolve(FILE),
            JSON.writeValueAsString(cost) + "\n",
            StandardOpenOption.CREATE,
            StandardOpenOption.APPEND);
      } catch (IOException e) {
        LOG.warn("{} could not be written in {}: {}", FILE, folder, e.toString());
      }
    }
  }
}
