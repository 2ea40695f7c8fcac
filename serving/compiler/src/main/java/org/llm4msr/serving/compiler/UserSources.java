package org.llm4msr.serving.compiler;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.BatchInputs;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.assembly.PassNumbers;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.serving.ranker.GraphSession;
import org.llm4msr.serving.recording.OnnxModel;
import org.llm4msr.serving.recording.RequestGraphs;
import org.llm4msr.toolkit.safetensors.SafetensorsWriter;
import org.llm4msr.toolkit.safetensors.Tensor;

/**
 * What is stored of users: a few numbers of each, from which the weights of the user can be made.
 *
 * @param users how many the model knows; one more stands for all others
 */
public record UserSources(InferenceModel model, int users) {

  private static final int AT_ONCE = 256;

  /** Computes the numbers of all users by a graph and writes them, (users + 1, n). */
  void write(OnnxModel source, Path file) throws IOException {
    FloatBuffer all = of(source);
    long columns = all.remaining() / (users + 1L);
    SafetensorsWriter.write(
        file, List.of(new Tensor(RequestGraphs.SOURCE, List.of(users + 1L, columns), all)));
  }

  /** Computes the numbers of all users by a graph, (users + 1, n). */
  public FloatBuffer of(OnnxModel source) {
    int width = model.widths().users();
    PassNumbers numbers = model.numbers();
    FloatBuffer knowledge = new BatchInputs().floats((long) AT_ONCE * width);
    Batch batch = Batch.of(AT_ONCE, List.of());
    FloatBuffer all = FloatBuffer.allocate(0);
    try (GraphSession graph = new GraphSession(source.toBytes())) {
      for (int first = 0; first <= users; first += AT_ONCE) {
        batch.size = Math.min(AT_ONCE, users + 1 - first);
        for (int row = 0; row < batch.size; row++) {
          batch.user[row] = first + row;
        }
        numbers.users(batch, knowledge);
        for (int row = 0; row < batch.size; row++) {
          FloatBuffer ofUser =
              graph
                  .run(Map.of(RequestGraphs.USER, knowledge.slice(row * width, width)))
                  .get(RequestGraphs.SOURCE);
          if (all.capacity() == 0) {
            all = FloatBuffer.allocate(size(ofUser.remaining()));
          }
          all.put(ofUser);
        }
      }
    }
    return all.flip();
  }

  private int size(int columns) {
    long size = (users + 1L) * columns;
    if (size > Integer.MAX_VALUE - 8) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "compile/TOO_MANY_USERS",
          "%,d users with %,d numbers each do not fit into one array. Give the meta network of users a narrower hidden layer (generatorHidden), or leave out users without knowledge (knowledge.minInteractions)."
              .formatted(users, columns));
    }
    return (int) size;
  }
}
