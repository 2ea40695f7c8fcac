package org.llm4msr.serving.ranker;

import static java.util.Objects.requireNonNull;

import ai.onnxruntime.OnnxTensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Consumer;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.bundle.BundleErrors;
import org.llm4msr.toolkit.safetensors.SafetensorsFile;
import org.llm4msr.toolkit.safetensors.StoredArray;

/**
 * Makes what graphs of rows read of a user, from what is stored of the user. Several threads may
 * use it at once.
 */
final class UserGraph implements AutoCloseable {

  /** The name of the stored numbers, as input of the graph and in the file. */
  static final String SOURCE = "source";

  /** The name of the knowledge, as input of the graph that makes these. */
  static final String KNOWLEDGE = "user";

  /** Memory for so many users is held for the next ones. */
  private static final int FREE = 16;

  private final GraphSession toSource;
  private final GraphSession graph;
  private final Path path;
  private final SafetensorsFile file;
  private final StoredArray stored;
  private final BlockingQueue<UserMemory> free = new ArrayBlockingQueue<>(FREE);

  private UserGraph(
      GraphSession toSource,
      GraphSession graph,
      Path path,
      SafetensorsFile file,
      StoredArray stored) {
    this.toSource = toSource;
    this.graph = graph;
    this.path = path;
    this.file = file;
    this.stored = stored;
  }

  /**
   * Opens it.
   *
   * @param toSource makes what is stored of a user; closed with it
   * @param graph makes what is read of that; closed with it
   * @param path of what is stored, (users + 1, n)
   * @param users how many the model knows
   */
  static UserGraph open(GraphSession toSource, GraphSession graph, Path path, int users) {
    try {
      SafetensorsFile file = SafetensorsFile.open(path, why -> damaged(path, why));
      return new UserGraph(toSource, graph, path, file, stored(path, file, users));
    } catch (IOException e) {
      graph.close();
      toSource.close();
      throw BundleErrors.unreadable(path, e);
    } catch (RuntimeException e) {
      graph.close();
      toSource.close();
      throw e;
    }
  }

  private static StoredArray stored(Path path, SafetensorsFile file, int users) throws IOException {
    StoredArray stored = file.arrays().get(SOURCE);
    if (stored == null || !stored.isReadable() || stored.shape().get(0) != users + 1L) {
      file.close();
      throw damaged(path, "it does not hold the numbers of %,d users".formatted(users));
    }
    return stored;
  }

  private static MsrException damaged(Path path, String why) {
    return BundleErrors.damaged(path, "is damaged: " + why);
  }

  /**
   * Makes the weights of a user. The caller releases them.
   *
   * @param user index; that after the last for one that is not known
   */
  UserWeights weights(int user) {
    int width = Math.toIntExact(stored.elements() / stored.shape().get(0));
    return weights(
        width,
        source -> {
          try {
            file.read(stored, (long) user * width, width, source);
          } catch (IOException e) {
            throw BundleErrors.unreadable(path, e);
          }
        });
  }

  /**
   * Makes the weights of knowledge that is not stored. The caller releases them.
   *
   * @param knowledge (K), direct, as the model reads it
   */
  UserWeights weights(FloatBuffer knowledge) {
    FloatBuffer made =
        requireNonNull(toSource.run(Map.of(KNOWLEDGE, knowledge)).get(SOURCE), SOURCE);
    return weights(made.remaining(), source -> source.put(made));
  }

  private UserWeights weights(int width, Consumer<FloatBuffer> fill) {
    UserMemory last = free.poll();
    UserMemory memory = last == null ? new UserMemory(graph.outputTensors()) : last;
    FloatBuffer source = memory.source(width);
    UserWeights weights = new UserWeights(memory, free);
    try {
      fill.accept(source);
      try (OnnxTensor input = graph.tensor(SOURCE, source.flip())) {
        graph.run(Map.of(SOURCE, input), memory.tensors());
      }
      return weights;
    } catch (RuntimeException e) {
      weights.release();
      throw e;
    }
  }

  @Override
  public void close() {
    free.forEach(UserMemory::close);
    graph.close();
    toSource.close();
    try {
      file.close();
    } catch (IOException e) {
      throw BundleErrors.unreadable(path, e);
    }
  }
}
