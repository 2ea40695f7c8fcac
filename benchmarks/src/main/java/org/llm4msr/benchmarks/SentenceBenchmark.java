package org.llm4msr.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.hipparchus.stat.descriptive.rank.Median;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.benchmarks.peers.PythonProcess;
import org.llm4msr.plugins.llm.OnnxSentenceConfig;
import org.llm4msr.plugins.llm.OnnxSentenceFactory;

/**
 * Times the encoder {@code onnx-sentence} against Python's sentence-transformers on ONNX Runtime,
 * with one file of weights and the same threads, and compares the vectors.
 *
 * <pre>
 * benchmarks/run SentenceBenchmark PYTHON MODEL PROMPTS
 * </pre>
 *
 * <p>MODEL is a folder of sentence-transformers with {@code onnx/model.onnx}; {@code
 * benchmarks/peers/minilm_folder.py} makes one of the built-in model. PROMPTS is the output of
 * {@code knowledge extract --dry-run --json}. {@code -Drounds} (5), {@code -Dthreads} (1) and
 * {@code -Dprompts} (256) in {@code LLM4MSR_JAVA_OPTS}.
 */
public final class SentenceBenchmark {

  private static final int ROUNDS = Integer.getInteger("rounds", 5);
  private static final int THREADS = Integer.getInteger("threads", 1);
  private static final int PROMPTS = Integer.getInteger("prompts", 256);

  /** One text at a time, as ours, and sentence-transformers' default. */
  private static final List<Integer> BATCHES = List.of(1, 32);

  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private SentenceBenchmark() {}

  /** The vectors of all prompts, (prompts, K), and the time of computing them. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Run(StepTime time, float[][] vectors) {}

  public static void main(String[] args) throws IOException {
    Path model = Path.of(args[1]).toAbsolutePath();
    Path file = Path.of(args[2]).toAbsolutePath();
    List<String> prompts = Prompts.ofUsers(file, PROMPTS);
    List<String> arguments =
        List.of(model.toString(), file.toString(), "" + prompts.size(), "" + THREADS);
    try (KnowledgeEncoder encoder = encoder(model);
        PythonProcess peer =
            new PythonProcess(Path.of(args[0]), "sentences.py", Map.of(), arguments)) {
      Map<String, Supplier<Run>> contenders = new LinkedHashMap<>();
      contenders.put("onnx-sentence", () -> ours(encoder, prompts));
      String name = peer.reply()[0];
      for (int batch : BATCHES) {
        contenders.put(name + ", batches of " + batch, () -> theirs(peer, batch, prompts.size()));
      }
      System.out.printf(
          "%d prompts, %d tokens, %d threads, medians of %d rounds on %s%n",
          prompts.size(),
          prompts.stream().mapToInt(encoder::countTokens).sum(),
          THREADS,
          ROUNDS,
          Processor.name());
      print(run(contenders), prompts.size());
    }
  }

  private static KnowledgeEncoder encoder(Path model) {
    EncoderContext context =
        new EncoderContext() {
          @Override
          public Path base() {
            return model;
          }

          @Override
          public Path scratch() {
            return base();
          }

          @Override
          public int threads() {
            return THREADS;
          }
        };
    return new OnnxSentenceFactory()
        .create(new OnnxSentenceConfig(model.toString(), null, true, null), context);
  }

  private static Run ours(KnowledgeEncoder encoder, List<String> prompts) {
    long processor = SYSTEM.getProcessCpuTime();
    long start = System.nanoTime();
    List<Knowledge> knowledge = encoder.encode(prompts);
    StepTime time =
        new StepTime(
            (System.nanoTime() - start) / 1e6, (SYSTEM.getProcessCpuTime() - processor) / 1e6);
    return new Run(time, knowledge.stream().map(Knowledge::vector).toArray(float[][]::new));
  }

  private static Run theirs(PythonProcess peer, int batch, int prompts) {
    peer.say(batch);
    String[] reply = peer.reply();
    byte[] bytes = Base64.getDecoder().decode(reply[2]);
    float[] all = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(all);
    int width = all.length / prompts;
    return new Run(
        new StepTime(Double.parseDouble(reply[0]), Double.parseDouble(reply[1])),
        IntStream.range(0, prompts)
            .mapToObj(i -> Arrays.copyOfRange(all, i * width, (i + 1) * width))
            .toArray(float[][]::new));
  }

  private static Map<String, List<Run>> run(Map<String, Supplier<Run>> contenders) {
    Map<String, List<Run>> runs = new LinkedHashMap<>();
    for (int round = 0; round <= ROUNDS; round++) {
      for (Map.Entry<String, Supplier<Run>> contender : contenders.entrySet()) {
        Run run = contender.getValue().get();
        if (round > 0) { // The first one warms up.
          runs.computeIfAbsent(contender.getKey(), name -> new ArrayList<>()).add(run);
        }
      }
    }
    return runs;
  }

  private static void print(Map<String, List<Run>> runs, int prompts) {
    List<Run> ours = runs.values().iterator().next();
    runs.forEach(
        (name, each) -> {
          double[] ratios =
              IntStream.range(0, ROUNDS)
                  .mapToDouble(i -> each.get(i).time.wall() / ours.get(i).time.wall())
                  .sorted()
                  .toArray();
          System.out.printf(
              "%-66s %6.1f prompts/s, processor %5.0f ms; time %.2f of ours (rounds %.2f to %.2f), cosine to ours at least %.6f%n",
              name,
              prompts / median(each, StepTime::wall) * 1000,
              median(each, StepTime::processor),
              new Median().evaluate(ratios),
              ratios[0],
              ratios[ROUNDS - 1],
              leastCosine(each.get(0).vectors, ours.get(0).vectors));
        });
  }

  private static double median(List<Run> runs, ToDoubleFunction<StepTime> part) {
    return new Median().evaluate(runs.stream().map(Run::time).mapToDouble(part).toArray());
  }

  /** Returns the least cosine of two vectors of one prompt; all have length 1. */
  private static double leastCosine(float[][] some, float[][] others) {
    return IntStream.range(0, some.length)
        .mapToDouble(
            i ->
                IntStream.range(0, some[i].length)
                    .mapToDouble(k -> (double) some[i][k] * others[i][k])
                    .sum())
        .min()
        .orElseThrow();
  }
}
