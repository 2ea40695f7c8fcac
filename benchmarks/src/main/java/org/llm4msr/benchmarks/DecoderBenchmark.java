package org.llm4msr.benchmarks;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.llm4msr.api.TensorService;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.benchmarks.peers.LlamaPeer;
import org.llm4msr.plugins.llm.decoder.DecoderConfig;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.Position;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.Precision;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.Template;
import org.llm4msr.plugins.llm.decoder.DecoderFactory;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.engine.EngineTensors;
import org.llm4msr.runtime.engine.TensorEngine;

/**
 * Times the encoder {@code decoder} in bfloat16 against a plain batched forward pass of the same
 * sizes and against llama.cpp, in prompt tokens per processor second, and prints the rate of its
 * products, of which {@link Limits} has the most possible, and its memory.
 *
 * <pre>
 * benchmarks/run DecoderBenchmark MODEL PROMPTS [GGUF]
 * </pre>
 *
 * <p>MODEL is a folder of the Llama family; PROMPTS is the output of {@code knowledge extract
 * --dry-run --json}; GGUF the same model for llama.cpp. {@code -Drounds} (3), {@code -Dthreads} (1)
 * and {@code -Dprompts} (64, as many as the runtime passes at once) in {@code LLM4MSR_JAVA_OPTS}.
 */
public final class DecoderBenchmark {

  private static final int ROUNDS = Integer.getInteger("rounds", 3);
  private static final int THREADS = Integer.getInteger("threads", 1);
  private static final int PROMPTS = Integer.getInteger("prompts", 64);
  private static final int PLAIN_BATCH = 16;
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private DecoderBenchmark() {}

  /** Runs it. */
  public static void main(String[] args) throws IOException {
    compare(args);
    System.exit(0); // llama.cpp leaves threads behind.
  }

  private static void compare(String[] args) throws IOException {
    Path model = Path.of(args[0]).toAbsolutePath();
    List<String> prompts = Prompts.ofUsers(Path.of(args[1]), PROMPTS);
    try (TensorEngine engine =
        TensorEngine.open(new RuntimeConfig("PyTorch", "cpu", THREADS, "1GB", 0, false))) {
      EncoderContext context = context(new EngineTensors(engine));
      warmUp(context.tensors());
      memory("engine");
      try (KnowledgeEncoder decoder = decoder(model, context)) {
        memory("with the model");
        decoder.encode(prompts);
        memory("after all prompts");
        Map<String, Consumer<List<String>>> contenders = new LinkedHashMap<>();
        try (PlainForward plain =
            new PlainForward(model, new EngineTensors(engine), decoder::countTokens)) {
          contenders.put(
              "plain, batches of " + PLAIN_BATCH, texts -> plain.read(texts, PLAIN_BATCH));
          contenders.put("decoder", decoder::encode);
          if (args.length > 2) {
            try (LlamaPeer llama = new LlamaPeer(Path.of(args[2]), THREADS)) {
              contenders.put("llama.cpp", llama::read);
              run(contenders, prompts, decoder, plain);
            }
          } else {
            run(contenders, prompts, decoder, plain);
          }
        }
      }
    }
  }

  /** The engine loads its libraries on the first product. */
  private static void warmUp(TensorService tensors) {
    try (NDManager manager = tensors.newManager()) {
      NDArray ones = manager.ones(new Shape(256, 256));
      ones.matMul(ones).toFloatArray();
    }
  }

  /** The system can reclaim pages of files, including libraries; others are ours. */
  private static void memory(String when) throws IOException {
    System.out.printf(
        "resident, %s: %d MiB, and %d of files; at most %d so far%n",
        when, mebibytes("RssAnon:"), mebibytes("RssFile:"), mebibytes("VmHWM:"));
  }

  /** Reads a line of this process's status; see proc(5). */
  private static long mebibytes(String key) throws IOException {
    String line =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(status -> status.startsWith(key))
            .findFirst()
            .orElseThrow();
    return Long.parseLong(line.replaceAll("\\D+", "")) >> 10;
  }

  private static void run(
      Map<String, Consumer<List<String>>> contenders,
      List<String> prompts,
      KnowledgeEncoder decoder,
      PlainForward plain) {
    long tokens = prompts.stream().mapToLong(decoder::countTokens).sum();
    System.out.printf(
        "%d prompts, %d tokens; padding of the plain pass %.1f %%%n",
        prompts.size(), tokens, 100 * plain.padding(prompts, PLAIN_BATCH));
    Map<String, List<Double>> rates = new LinkedHashMap<>();
    for (int round = 0; round <= ROUNDS; round++) {
      for (Map.Entry<String, Consumer<List<String>>> contender : contenders.entrySet()) {
        long start = SYSTEM.getProcessCpuTime();
        contender.getValue().accept(prompts);
        double rate = tokens * 1e9 / (SYSTEM.getProcessCpuTime() - start);
        if (round > 0) { // The first one warms up.
          rates.computeIfAbsent(contender.getKey(), name -> new ArrayList<>()).add(rate);
        }
      }
    }
    List<Double> base = rates.values().iterator().next();
    rates.forEach(
        (name, each) ->
            System.out.printf(
                "%-24s %7.0f tokens a processor second (%s), ratio %.2f%n",
                name,
                median(each),
                each.stream().map("%.0f"::formatted).toList(),
                median(each) / median(base)));
    double computed =
        1 - (double) prompts.size() * decoder.countTokens(beginning(prompts)) / tokens;
    System.out.printf(
        "products of the decoder, without those of the shared beginning and the last layer: %.0f GFLOP/s%n",
        median(requireNonNull(rates.get("decoder"))) * computed * plain.operations() / 1e9);
  }

  /** Returns what all begin with, which the decoder reads once. */
  private static String beginning(List<String> prompts) {
    String shared = prompts.get(0);
    for (String prompt : prompts) {
      int end = Math.min(shared.length(), prompt.length());
      int mismatch = Arrays.mismatch(shared.toCharArray(), 0, end, prompt.toCharArray(), 0, end);
      shared = shared.substring(0, mismatch < 0 ? end : mismatch);
    }
    return shared;
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  private static KnowledgeEncoder decoder(Path model, EncoderContext context) {
    return new DecoderFactory()
        .create(
            new DecoderConfig(
                model.toString(),
                null,
                null,
                null,
                Position.PROMPT_END,
                false,
                Precision.BFLOAT16,
                Template.NONE,
                null,
                4096,
                1,
                0,
                1,
                0),
            context);
  }

  private static EncoderContext context(TensorService tensors) {
    return new EncoderContext() {
      @Override
      public Path base() {
        return Path.of("").toAbsolutePath();
      }

      @Override
      public Path scratch() {
        return base();
      }

      @Override
      public int threads() {
        return THREADS;
      }

      @Override
      public TensorService tensors() {
        return tensors;
      }
    };
  }
}
