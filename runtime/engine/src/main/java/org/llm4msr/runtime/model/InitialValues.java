package org.llm4msr.runtime.model;

import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.runtime.plugins.ContextLoader;

/**
 * Initial values by name: each array has a random stream of its own, from the seed and its name, so
 * that adding a layer or making layers in another order leaves all others as they were.
 */
final class InitialValues {

  private static final RandomGeneratorFactory<RandomGenerator> STREAMS = streams();

  private InitialValues() {}

  /** Java 17 looks its generators up through this loader, once a process; others see not all. */
  private static RandomGeneratorFactory<RandomGenerator> streams() {
    try (ContextLoader scope = ContextLoader.ofLoader(ClassLoader.getSystemClassLoader())) {
      return RandomGeneratorFactory.of("L64X128MixRandom");
    }
  }

  static void fill(FloatBuffer target, Initializer initializer, long seed, String name) {
    RandomGenerator random = STREAMS.create(mix(seed ^ hash(name)));
    if (initializer instanceof Initializer.Constant constant) {
      while (target.hasRemaining()) {
        target.put(constant.value());
      }
    } else if (initializer instanceof Initializer.Normal normal) {
      while (target.hasRemaining()) {
        target.put((float) (random.nextGaussian() * normal.deviation()));
      }
    } else if (initializer instanceof Initializer.Uniform uniform) {
      while (target.hasRemaining()) {
        target.put((float) ((random.nextDouble() * 2 - 1) * uniform.bound()));
      }
    }
  }

  /** FNV-1a over the bytes of the name: the same on every machine and Java release. */
  private static long hash(String name) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    return hash;
  }

  /** The finaliser of SplitMix64, so that near seeds give far streams. */
  private static long mix(long z) {
    long x = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    x = (x ^ (x >>> 27)) * 0x94d049bb133111ebL;
    return x ^ (x >>> 31);
  }
}
