package org.llm4msr.spark.job;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/**
 * What a job reports.
 *
 * @param text for people
 * @param values for the command line that started it, by name
 */
public record JobReport(String text, Map<String, String> values) {

  public JobReport {
    values = new LinkedHashMap<>(values);
  }

  /** Writes text and values as properties. */
  public void write(Path file) throws IOException {
    Properties properties = new Properties();
    properties.putAll(values);
    properties.put("text", text);
    try (Writer writer = Files.newBufferedWriter(file)) {
      properties.store(writer, null);
    }
  }
}
