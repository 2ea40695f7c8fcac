package org.llm4msr.serving.publishing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDate;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.BundleModel;
import org.llm4msr.runtime.bundle.BundleWriter;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.serving.compiler.Compiler;
import org.llm4msr.serving.ranker.CompiledManifest;
import org.llm4msr.serving.versions.ModelVersions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a bundle the newest version of a model: compiled, calibrated to rows with labels, and no
 * worse on other such rows than the version before.
 */
public final class Publisher {

  private static final Logger LOG = LoggerFactory.getLogger(Publisher.class);

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

  private final ConfigLoader loader;
  private final Clock clock;

  /** Makes a publisher with the plugins that a loader knows; a clock names versions by the day. */
  public Publisher(ConfigLoader loader, Clock clock) {
    this.loader = loader;
    this.clock = clock;
  }

  /**
   * Publishes a bundle. Of its rows, those with an even number fit the calibration, the others
   * compare it with the version before.
   *
   * @throws MsrException {@code publish/WORSE} if the LogLoss is larger than that of the version
   *     before; {@code publish/NOT_NEWEST} and {@code publish/NAME} for a name that a server would
   *     not take; otherwise as {@link Scorer#load} and {@link BundleWriter#write}. Nothing is
   *     written then
   */
  public Publication publish(Bundle bundle, PublishRequest request) {
    make(request.versions());
    ModelVersions versions = new ModelVersions(request.versions());
    String name = request.name() == null ? today(versions) : request.name();
    requireName(name);
    Path target = versions.folder(name);
    requireNewest(versions, name);
    BundleWriter.requireFree(target);
    String pinned = versions.pinned().orElse(null);
    String previous = previous(versions, pinned);
    Calibration calibration = bundle.manifest().calibration();
    TrialResult trial = null;
    long rows = 0;
    if (request.rows() != null) {
      LabelledRows labelled = new LabelledRows(request.rows(), request.listSeparator());
      List<String> scenarios = BundleModel.encoder(bundle).manifest().scenarioKeys();
      try (Scorer scorer = scorer(bundle.folder());
          Scorer old = previous == null ? null : scorer(versions.folder(previous))) {
        Evidence evidence = new Evidence(labelled, scorer, calibration, old, scenarios);
        calibration = evidence.fit();
        rows = calibration.scenarios().stream().mapToLong(Calibration.Line::rows).sum();
        trial = evidence.trial(calibration);
      }
      requireNotWorse(trial, name, previous, request.force());
    }
    boolean compiled = write(bundle, target, bundle.manifest().trainingWith(calibration));
    return new Publication(name, target, compiled, rows, previous, trial, pinned);
  }

  private static void make(Path versions) {
    try {
      Files.createDirectories(versions);
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.EXTERNAL,
          "publish/NO_FOLDER",
          "The folder of versions %s cannot be made: %s. Make it, or name another one."
              .formatted(versions, e),
          e);
    }
  }

  private Scorer scorer(Path folder) {
    return Scorer.load(folder, List.of(), loader);
  }

  private String today(ModelVersions versions) {
    List<String> names = versions.names();
    String day = LocalDate.now(clock).toString();
    int number = 1;
    while (names.contains(day + "-" + number)) {
      number++;
    }
    return day + "-" + number;
  }

  private static void requireName(String name) {
    if (!NAME.matcher(name).matches() || name.endsWith(DurableFiles.UNFINISHED)) {
      throw new MsrException(
          ErrorType.USER,
          "publish/NAME",
          "'%s' is no name of a version. Use letters, digits, '.', '_' and '-', begin with a letter or digit, and do not end with '%s'."
              .formatted(name, DurableFiles.UNFINISHED));
    }
  }

  private static void requireNewest(ModelVersions versions, String name) {
    for (String other : versions.names()) {
      if (ModelVersions.isNewer(other, name)) {
        throw new MsrException(
            ErrorType.USER,
            "publish/NOT_NEWEST",
            "Servers take the newest version by name, and '%s' follows '%s'. Choose another name with --name."
                .formatted(other, name));
      }
    }
  }

  private static @Nullable String previous(ModelVersions versions, @Nullable String pinned) {
    List<String> names = versions.names();
    if (pinned != null) {
      return pinned;
    }
    return names.isEmpty() ? null : names.get(0);
  }

  private static void requireNotWorse(
      TrialResult trial, String name, @Nullable String previous, boolean force) {
    if (trial.isWorse() && !force) {
      throw new MsrException(
          ErrorType.USER,
          "publish/WORSE",
          "The LogLoss of %s is larger than that of %s by %s, with a standard error of %s. Find out why, or publish it all the same with --force."
              .formatted(name, previous, shown(trial.change()), shown(trial.standardError())));
    }
  }

  private static String shown(double nats) {
    return String.format(Locale.ROOT, "%.4f", nats);
  }

  /** Returns whether the bundle that was written is compiled. */
  private boolean write(Bundle bundle, Path target, Map<String, Object> training) {
    if (CompiledManifest.isIn(bundle)) {
      BundleWriter.extend(bundle, target, training, folder -> {});
      return true;
    }
    try {
      new Compiler(loader).compile(bundle, target, training);
      return true;
    } catch (MsrException e) {
      if (!e.code().startsWith("compile/")) {
        throw e;
      }
      LOG.warn("{} is not compiled: {}", target, e.getMessage());
      BundleWriter.extend(bundle, target, training, folder -> {});
      return false;
    }
  }
}
