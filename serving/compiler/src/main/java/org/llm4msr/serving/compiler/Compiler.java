package org.llm4msr.serving.compiler;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.BundleModel;
import org.llm4msr.runtime.bundle.BundleWriter;
import org.llm4msr.runtime.config.ScoringConfig;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.serving.ranker.CompiledManifest;

/**
 * Compiles bundles: records what the model computes for the rows of a request as ONNX graphs, and
 * proves that they give the same probabilities.
 */
public final class Compiler {

  /** How far two probabilities may be apart. */
  public static final double TOLERANCE = 1e-5;

  private final ConfigLoader loader;

  /** Makes a compiler that reads the configurations of bundles with a loader. */
  public Compiler(ConfigLoader loader) {
    this.loader = loader;
  }

  /**
   * Compiles a bundle into another one, which also holds the graphs.
   *
   * @param target a new folder
   * @throws MsrException {@code compile/NOT_RECORDED} where the model does what no graph can,
   *     {@code compile/DIFFERS} where a graph gives other probabilities, {@code compile/COMPILED}
   *     for a compiled bundle; nothing is written then
   */
  public CompiledManifest compile(Bundle bundle, Path target) {
    return compile(bundle, target, bundle.manifest().training());
  }

  /**
   * Compiles a bundle, and changes what its manifest says of training, such as the calibration.
   *
   * @throws MsrException as {@link #compile(Bundle, Path)}
   */
  public CompiledManifest compile(Bundle bundle, Path target, Map<String, Object> training) {
    requirePlain(bundle);
    BundleWriter.requireFree(target);
    ScoringConfig config =
        BundleModel.config(
            bundle, List.of("scoring.precision=float32", "runtime.device=cpu"), loader);
    RowEncoder encoder = BundleModel.encoder(bundle, config);
    try (TensorEngine engine = TensorEngine.open(config.runtime());
        InferenceModel model = BundleModel.load(bundle, config, encoder, engine)) {
      CompiledGraphs graphs = CompiledGraphs.of(model, encoder.manifest());
      BundleWriter.extend(
          bundle,
          target,
          training,
          folder -> graphs.write(folder.resolve(CompiledManifest.FOLDER)));
      return graphs.manifest();
    }
  }

  private static void requirePlain(Bundle bundle) {
    if (CompiledManifest.isIn(bundle)) {
      throw new MsrException(
          ErrorType.USER,
          "compile/COMPILED",
          "The bundle %s is compiled already. Use it as it is.".formatted(bundle.folder()));
    }
  }
}
