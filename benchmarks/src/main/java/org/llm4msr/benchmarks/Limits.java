package org.llm4msr.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.engine.TensorEngine;

/**
 * What this processor reaches, by {@code benchmarks/peers/limits.c}, and what share of it the
 * engine's products have: (4096, 192) by (192, 512), as in a training step.
 *
 * <p>{@code benchmarks/run Limits [THREADS]} builds that program with gcc for this processor.
 */
public final class Limits {

  private static final int ROWS = 4096;
  private static final int INNER = 192;
  private static final int COLUMNS = 512;
  private static final int PRODUCTS = 50;
  private static final int ROUNDS = 10;

  private Limits() {}

  public static void main(String[] args) throws Exception {
    int threads = args.length > 0 ? Integer.parseInt(args[0]) : 2;
    String[] reached = reached(threads).strip().split("\t");
    double floats = Double.parseDouble(reached[0]);
    double halves = Math.max(Double.parseDouble(reached[1]), Double.parseDouble(reached[2]));
    System.out.printf("%s; %d threads%n", Processor.name(), threads);
    System.out.printf("float32 in registers      %8s GFLOP/s%n", reached[0]);
    System.out.printf("bfloat16 in registers     %8s GFLOP/s%n", reached[1]);
    System.out.printf("bfloat16 in tiles         %8s GFLOP/s%n", reached[2]);
    System.out.printf("memory, a = b + s c       %8s GB/s%n", reached[3]);
    try (TensorEngine engine =
        TensorEngine.open(new RuntimeConfig("PyTorch", "cpu", threads, "1GB", 0, false))) {
      print("float32 products", engine.call(() -> products(engine)), floats);
      if (halves > 0) {
        print("bfloat16 products", engine.call(() -> halfProducts(engine)), halves);
      }
    }
  }

  private static void print(String name, double rate, double limit) {
    System.out.printf("%-25s %8.1f GFLOP/s, %.0f %%%n", name, rate, 100 * rate / limit);
  }

  private static String reached(int threads) throws IOException, InterruptedException {
    Path program = Files.createTempFile("limits", "");
    try {
      Path source = Path.of(System.getProperty("peers", "benchmarks/peers"), "limits.c");
      run("gcc", "-O3", "-march=native", "-fopenmp", "-o", program.toString(), source.toString());
      return run(program.toString(), Integer.toString(threads));
    } finally {
      Files.delete(program);
    }
  }

  private static String run(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(command[0] + " ended with " + process.exitValue());
    }
    return output;
  }

  private static double products(TensorEngine engine) {
    try (NDManager manager = engine.engine().newBaseManager()) {
      NDArray a = manager.randomNormal(new Shape(ROWS, INNER));
      NDArray b = manager.randomNormal(new Shape(INNER, COLUMNS));
      return rate(() -> a.dot(b).close());
    }
  }

  private static double halfProducts(TensorEngine engine) {
    try (NDManager manager = engine.engine().newBaseManager()) {
      long a = Mkl.address(manager.zeros(new Shape(ROWS, INNER / 2)));
      long b = Mkl.address(manager.zeros(new Shape(INNER, COLUMNS / 2)));
      long c = Mkl.address(manager.zeros(new Shape(ROWS, COLUMNS)));
      return rate(
          () ->
              Mkl.multiplyHalves(
                  false, false, ROWS, COLUMNS, INNER, a, INNER, b, COLUMNS, 0, c, COLUMNS));
    }
  }

  /** Returns billions of operations a second, the best of some rounds. */
  private static double rate(Runnable product) {
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
      long start = System.nanoTime();
      for (int i = 0; i < PRODUCTS; i++) {
        product.run();
      }
      double operations = 2.0 * ROWS * INNER * COLUMNS * PRODUCTS;
      best = Math.max(best, operations / (System.nanoTime() - start));
    }
    return best;
  }
}
