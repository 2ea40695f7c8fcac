package org.llm4msr.benchmarks.peers;

import de.kherud.llama.LlamaModel;
import de.kherud.llama.ModelParameters;
import de.kherud.llama.args.LogFormat;
import de.kherud.llama.args.PoolingType;
import java.nio.file.Path;
import java.util.List;

/** The states of last tokens from llama.cpp's Java binding, one prompt at a time. */
public final class LlamaPeer implements AutoCloseable {

  private static final int LONGEST = 4096;

  private final LlamaModel model;

  /** Loads a model. */
  public LlamaPeer(Path gguf, int threads) {
    LlamaModel.setLogger(LogFormat.TEXT, (level, message) -> {});
    model =
        new LlamaModel(
            new ModelParameters()
                .setModel(gguf.toAbsolutePath().toString())
                .enableEmbedding()
                .setPoolingType(PoolingType.LAST)
                .setThreads(threads)
                .setThreadsBatch(threads)
                .setCtxSize(LONGEST)
                .setBatchSize(LONGEST)
                .setUbatchSize(LONGEST));
  }

  /** Reads prompts, and drops the states. */
  public void read(List<String> prompts) {
    prompts.forEach(model::embed);
  }

  @Override
  public void close() {
    model.close();
  }
}
