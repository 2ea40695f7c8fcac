package org.llm4msr.serving.export;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.BundleModel;
import org.llm4msr.runtime.config.ScoringConfig;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.data.prepared.PreparedIds;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.serving.compiler.ProvenGraphs;
import org.llm4msr.serving.recording.OnnxModel;

/**
 * Exports bundles as ONNX graphs: {@code scorer.onnx} from embedded rows, {@code full.onnx} from
 * ids, and {@code encoder.json} with all that turns rows into their inputs.
 */
public final class OnnxExporter {

  /** Most bytes of a graph. The format allows 2 GiB; what is beside the tables needs some room. */
  public static final long MOST = (2L << 30) - (1 << 20);

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private final ConfigLoader loader;
  private final long most;

  /** Makes an exporter that reads the configurations of bundles with a loader. */
  public OnnxExporter(ConfigLoader loader) {
    this(loader, MOST);
  }

  /**
   * Makes an exporter.
   *
   * @param most bytes of {@code full.onnx}, {@link #MOST} or less
   */
  public OnnxExporter(ConfigLoader loader, long most) {
    this.loader = loader;
    this.most = Math.min(most, MOST);
  }

  /**
   * Exports a bundle.
   *
   * @param target a new folder
   * @throws MsrException {@code compile/NOT_RECORDED} and {@code compile/DIFFERS} as for {@link
   *     ProvenGraphs#of}, {@code export/EXISTS} if the target or its temporary name is taken,
   *     {@code export/NOT_WRITTEN}; nothing is written then
   */
  public Exported export(Bundle bundle, Path target) {
    requireFree(target);
    requireFree(DurableFiles.unfinished(target));
    ScoringConfig config =
        BundleModel.config(
            bundle, List.of("scoring.precision=float32", "runtime.device=cpu"), loader);
    RowEncoder encoder = BundleModel.encoder(bundle, config);
    try (TensorEngine engine = TensorEngine.open(config.runtime());
        InferenceModel model = BundleModel.load(bundle, config, encoder, engine)) {
      ScenarioChoice scenarios =
          new ScenarioChoice(
              ProvenGraphs.of(model, encoder.manifest()).stream()
                  .map(ProvenGraphs::graphs)
                  .toList(),
              model.calibration());
      FullGraph full = new FullGraph(model, PreparedIds.open(bundle.data()), scenarios);
      return write(full, ScorerGraph.of(model.widths(), scenarios), target);
    }
  }

  private static void requireFree(Path target) {
    if (Files.exists(target)) {
      throw new MsrException(
          ErrorType.USER,
          "export/EXISTS",
          target + " already exists. Choose another folder, or delete it.");
    }
  }

  private Exported write(FullGraph full, OnnxModel scorer, Path target) {
    Path unfinished = DurableFiles.unfinished(target);
    try {
      Files.createDirectories(unfinished);
      Exported exported = fill(full, scorer, unfinished);
      DurableFiles.publish(target);
      return exported;
    } catch (IOException e) {
      DurableFiles.discard(unfinished, e);
      throw new MsrException(
          ErrorType.RESOURCES,
          "export/NOT_WRITTEN",
          "The graphs could not be written to %s: %s. Make room or choose another folder, and run it again."
              .formatted(target, FileErrors.reason(e)),
          e,
          true);
    } catch (RuntimeException | Error e) {
      DurableFiles.discard(unfinished, e);
      throw e;
    }
  }

  /** Writes all files into a folder. */
  private Exported fill(FullGraph full, OnnxModel scorer, Path folder) throws IOException {
    List<String> files = new ArrayList<>();
    write(folder, ScorerGraph.FILE, files, scorer::writeTo);
    String leftOut = leftOut(full.tableBytes() + scorer.bytes());
    if (leftOut == null) {
      write(folder, FullGraph.FILE, files, full.build()::writeTo);
    }
    EncoderFile encoder = EncoderFile.of(full, leftOut);
    write(folder, EncoderFile.FILE, files, out -> JSON.writeValue(out, encoder));
    return new Exported(files, leftOut);
  }

  private @Nullable String leftOut(long bytes) {
    return bytes <= most
        ? null
        : "full.onnx is left out: with its tables it would have %,d bytes, and at most %,d are possible. Read the tables with `llm4msr export embeddings`, and give scorer.onnx embedded rows."
            .formatted(bytes, most);
  }

  private interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  private static void write(Path folder, String name, List<String> files, Content content)
      throws IOException {
    Path file = folder.resolve(name);
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      content.writeTo(out);
    }
    DurableFiles.force(file);
    files.add(name);
  }
}
