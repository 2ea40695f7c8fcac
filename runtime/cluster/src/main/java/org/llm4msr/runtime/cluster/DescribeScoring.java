package org.llm4msr.runtime.cluster;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.BundleModel;
import org.llm4msr.runtime.config.ScoringConfig;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.data.rows.ScoringColumn;
import org.llm4msr.runtime.scoring.UntimedRows;

/**
 * Checks a job of scoring before it begins, without the engine.
 *
 * <p>It is called with {@code bundle} (its folder), {@code overrides} and {@code plugins} (texts),
 * {@code source} (what the rows are called in errors), {@code columns} (theirs), {@code keep} and
 * {@code own} (the columns of the scores that are kept, and the others). It returns {@code columns}
 * (those of the rows that the model reads), {@code labels} (names of the further labels that it
 * learns), {@code batchSize} (rows that go through it at once), {@code leaks} (whether metrics of
 * the scores may not measure the model), and {@code untimed} ({@link UntimedRows}).
 */
public final class DescribeScoring implements Function<Object, Object> {

  @Override
  public Object apply(Object argument) {
    Settings settings = Settings.of(argument);
    return Errors.passOn(settings::plugins, () -> describe(settings));
  }

  private static Map<String, Object> describe(Settings settings) {
    Bundle bundle = Bundle.open(settings.folder("bundle"));
    ScoringConfig config =
        BundleModel.config(bundle, settings.texts("overrides"), settings.loader());
    RowEncoder encoder = BundleModel.encoder(bundle, config);
    Set<String> present = new LinkedHashSet<>(settings.texts("columns"));
    encoder.bind(present);
    List<String> labels =
        ModelLabels.of(config.model().labels(), encoder.manifest().labels()).names();
    requireKept(settings, labels, present);
    List<String> read =
        encoder.columns().stream().map(ScoringColumn::name).filter(present::contains).toList();
    return Map.of(
        "columns",
        read,
        "labels",
        labels,
        "batchSize",
        config.batchSize(),
        "leaks",
        bundle.manifest().leakFutureInteractions(),
        "untimed",
        UntimedRows.are(encoder.columns(), present));
  }

  private static void requireKept(Settings settings, List<String> labels, Set<String> present) {
    List<String> kept = settings.texts("keep");
    Stream<String> own =
        Stream.concat(
            settings.texts("own").stream(), labels.stream().map(label -> "score_" + label));
    List<String> taken = own.map(name -> name.toLowerCase(Locale.ROOT)).toList();
    for (String name : kept) {
      if (taken.contains(name.toLowerCase(Locale.ROOT))) {
        throw user(
            "KEPT_NAME",
            "The column %s of %s cannot be kept: the scores have a column of this name. Rename it there, or leave it out of what is kept."
                .formatted(name, settings.text("source")));
      }
    }
    List<String> missing = kept.stream().filter(name -> !present.contains(name)).toList();
    if (!missing.isEmpty()) {
      throw user(
          "MISSING_COLUMN",
          "%s has no column %s to keep; it has %s."
              .formatted(
                  settings.text("source"), String.join(", ", missing), String.join(", ", present)));
    }
  }

  private static MsrException user(String code, String message) {
    return new MsrException(ErrorType.USER, "score/" + code, message);
  }
}
