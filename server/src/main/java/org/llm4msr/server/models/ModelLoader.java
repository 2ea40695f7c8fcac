package org.llm4msr.server.models;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.config.ModelEntry;
import org.llm4msr.serving.ranker.RankerComparison;
import org.llm4msr.serving.ranker.RankingModel;

/** Opens models, and says whether one may take the place of another. */
final class ModelLoader {

  private static final String ALL_THE_SAME = " To serve it all the same, choose it by name.";

  private final Function<Path, RankingModel> opener;
  private final Consumer<RankingModel> warmUp;
  private final boolean requireCompiled;

  /**
   * Makes a loader.
   *
   * @param opener opens the model of a bundle by its folder
   * @param warmUp has a model rank requests before it is served
   * @param requireCompiled whether a bundle that the engine would serve is refused
   */
  ModelLoader(
      Function<Path, RankingModel> opener, Consumer<RankingModel> warmUp, boolean requireCompiled) {
    this.opener = opener;
    this.requireCompiled = requireCompiled;
    this.warmUp = warmUp;
  }

  /**
   * Opens the model of a bundle.
   *
   * @throws MsrException of the opener; {@code serve/NOT_COMPILED}
   */
  ServedModel open(String name, Path folder, ModelEntry entry) {
    Path whole = folder.toAbsolutePath().normalize();
    RankingModel ranker = opener.apply(whole);
    if (requireCompiled && !ranker.isCompiled()) {
      ranker.close();
      throw new MsrException(
          ErrorType.USER,
          "serve/NOT_COMPILED",
          "%s is not compiled, and requireCompiled is set. Compile it, or publish it: llm4msr bundle publish BUNDLE --to FOLDER."
              .formatted(whole));
    }
    String version = String.valueOf(whole.getFileName());
    return new ServedModel(name, version, whole, entry, ranker, Instant.now());
  }

  /** Has a model rank requests, so that its first are as fast as others. */
  void warm(ServedModel model) {
    warmUp.accept(model.ranker());
  }

  /**
   * Compares a model with that in whose place it would be served.
   *
   * @param chosen whether somebody wants this version, whatever the comparison says
   * @return null where the two cannot rank the same requests
   * @throws MsrException {@code serve/FEWER_SCENARIOS}, {@code serve/NEW_COLUMNS} or {@code
   *     serve/SAME_PROBABILITY} where requests would fail, or all items would be alike
   */
  @Nullable RankerComparison compare(ServedModel current, ServedModel next, boolean chosen) {
    List<MsrException> reasons = reasons(current.ranker(), next.ranker());
    if (!reasons.isEmpty()) {
      if (chosen) {
        return null;
      }
      throw reasons.get(0);
    }
    RankerComparison comparison = RankerComparison.of(current.ranker(), next.ranker());
    if (!comparison.spread() && !chosen) {
      throw rejected(
          "SAME_PROBABILITY",
          "It gives all items of %d drawn requests the same probability, or none."
              .formatted(comparison.requests()));
    }
    return comparison;
  }

  private static List<MsrException> reasons(RankingModel current, RankingModel next) {
    List<MsrException> reasons = new ArrayList<>();
    TreeSet<String> scenarios = new TreeSet<>(current.scenarios());
    next.scenarios().forEach(scenarios::remove);
    if (!scenarios.isEmpty()) {
      reasons.add(
          rejected(
              "FEWER_SCENARIOS",
              "It lacks scenarios that are served now: %s.".formatted(scenarios)));
    }
    TreeSet<String> columns = new TreeSet<>(next.requiredColumns());
    columns.removeAll(current.requiredColumns());
    if (!columns.isEmpty()) {
      reasons.add(
          rejected(
              "NEW_COLUMNS",
              "It needs columns that requests may lack now: %s.".formatted(columns)));
    }
    return reasons;
  }

  private static MsrException rejected(String code, String text) {
    return new MsrException(ErrorType.USER, "serve/" + code, text + ALL_THE_SAME);
  }
}
