package org.llm4msr.serving.publishing;

import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A version that was published.
 *
 * @param version its name
 * @param folder its bundle
 * @param compiled whether graphs serve, and not the engine
 * @param calibrationRows to which the calibration was fitted; 0 where that of training stays
 * @param previous the version that was served before; null if there was none
 * @param trial both, on rows that the calibration has not seen; null without rows
 * @param pinned the version that stays served, because the folder names it; null if there is none
 */
public record Publication(
    String version,
    Path folder,
    boolean compiled,
    long calibrationRows,
    @Nullable String previous,
    @Nullable TrialResult trial,
    @Nullable String pinned) {

  /** Returns the trial as a table, and sentences on what servers take. */
  public String text() {
    StringBuilder text = new StringBuilder();
    if (trial != null) {
      text.append(trial.text()).append('\n');
    }
    text.append("%s is published as %s.".formatted(folder, version));
    if (trial != null && trial.before() != null) {
      text.append(
          String.format(
              Locale.ROOT,
              "%nLogLoss changes by %+.4f from that of %s, with a standard error of %.4f.",
              trial.change(),
              previous,
              trial.standardError()));
    }
    if (trial != null && trial.isCalibrationWorse()) {
      text.append(
          String.format(
              Locale.ROOT,
              "%nThe calibration to these rows makes LogLoss worse, by %+.4f: they are too few, or unlike each other. Give more rows, or publish without --rows.",
              trial.calibrationChange()));
    }
    if (pinned != null) {
      text.append(
          "%nServers stay with %s, which the file PINNED names; delete it, or choose the new version by name."
              .formatted(pinned));
    }
    return text.toString();
  }
}
