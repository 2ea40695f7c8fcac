package org.llm4msr.runtime.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.ModelFiles;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.runtime.files.SmallFiles;
import org.llm4msr.runtime.tables.Safetensors;
import org.llm4msr.toolkit.safetensors.PiecewiseTensor;
import org.llm4msr.toolkit.safetensors.SafetensorsWriter;
import org.llm4msr.toolkit.safetensors.Tensor;

/**
 * The checkpoints of a run: one folder per state with {@code dense.safetensors}, {@code
 * optimizer.safetensors}, {@code tables/*.arrow} and their checksums, and {@code state.json}, which
 * names the last and the best state. A checkpoint counts once that file is replaced; if the process
 * dies earlier, the previous checkpoint stays in force.
 */
final class Checkpoints {

  private static final String STATE = "state.json";

  /** The name of a state's folder; empty before the first state. */
  private static final Pattern NAME = Pattern.compile("(step-\\d+)?");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;

  Checkpoints(Path folder) {
    this.folder = folder;
  }

  /** Returns the state of the run so far, or empty where there is none. */
  Optional<RunState> state(String key) {
    Path file = folder.resolve(STATE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    RunState state;
    try {
      state = JSON.readValue(SmallFiles.read(file), RunState.class);
    } catch (IOException e) {
      throw damaged(file, FileErrors.reason(e), e);
    }
    if (state.formatVersion() != RunState.FORMAT_VERSION || !state.key().equals(key)) {
      throw new MsrException(
          ErrorType.USER,
          "training/OTHER_RUN",
          folder.resolve(STATE)
              + " holds checkpoints of other data, settings or another release. Start a new run"
              + " with --run NAME; this one stays as it is.");
    }
    for (String name : Arrays.asList(state.last(), state.best())) {
      if (name != null && !NAME.matcher(name).matches()) {
        throw damaged(file, "'" + name + "' is not the name of a checkpoint", null);
      }
    }
    return Optional.of(state);
  }

  private MsrException damaged(Path file, String reason, @Nullable Throwable cause) {
    return new MsrException(
        ErrorType.DATA,
        "training/DAMAGED_CHECKPOINT",
        "%s cannot be read: %s. Delete %s to start from scratch.".formatted(file, reason, folder),
        cause);
  }

  /** Saves the model in the folder {@link RunState#last}, and makes the state count. */
  void save(TrainableModel model, DenseOptimizer optimizer, RunState state) {
    try {
      Files.createDirectories(folder);
      writeState(model, optimizer, folder.resolve(state.last()));
      DurableFiles.write(
          folder.resolve(STATE), JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(state));
      deleteAllBut(state);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Deletes the folders that the state does not name. A process that died left them, or the user
   * deleted the file that named them; a state that is saved at the same step now may differ from
   * theirs.
   */
  void discardAllBut(RunState state) {
    try {
      if (Files.exists(folder)) {
        deleteAllBut(state);
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private MsrException failed(IOException e) {
    return new MsrException(
        ErrorType.RESOURCES,
        "training/CHECKPOINT_FAILED",
        "A checkpoint could not be written to %s: %s. Make room there or choose another workspace, and run it again: the previous checkpoint, if there is one, is intact."
            .formatted(folder, FileErrors.reason(e)),
        e,
        true);
  }

  private static void writeState(TrainableModel model, DenseOptimizer optimizer, Path target)
      throws IOException {
    Path temporary = DurableFiles.unfinished(target);
    try {
      Files.createDirectories(temporary);
      ModelFiles.write(model, temporary, true);
      SafetensorsWriter.write(temporary.resolve("optimizer.safetensors"), states(optimizer));
      FolderChecksums.write(temporary);
      DurableFiles.publish(target);
    } catch (IOException | RuntimeException e) {
      DurableFiles.discard(temporary, e);
      throw e;
    }
  }

  /** Puts a saved state into the model, and into the optimiser where one is given. */
  void load(TrainableModel model, @Nullable DenseOptimizer optimizer, String name) {
    Path source = folder.resolve(name);
    try {
      FolderChecksums.verify(source);
      ModelFiles.read(model, source);
      if (optimizer != null) {
        restore(optimizer, Safetensors.read(source.resolve("optimizer.safetensors")));
      }
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.DATA,
          "training/DAMAGED_CHECKPOINT",
          source
              + " cannot be read: "
              + FileErrors.reason(e)
              + ". Delete "
              + folder
              + " to start from scratch.",
          e);
    }
  }

  /** A part of the optimiser's state of one parameter. */
  private record State(String name, List<Long> shape, List<FloatBuffer> pieces)
      implements PiecewiseTensor {}

  private static List<State> states(DenseOptimizer optimizer) {
    List<State> tensors = new ArrayList<>();
    for (int s = 0; s < optimizer.slots().size(); s++) {
      for (int part = 0; part < optimizer.stateSlots(); part++) {
        tensors.add(
            new State(
                stateName(optimizer, s, part),
                List.of((long) optimizer.slots().get(s).values().limit()),
                optimizer.state(s, part)));
      }
    }
    return tensors;
  }

  private static void restore(DenseOptimizer optimizer, Map<String, Tensor> tensors)
      throws IOException {
    for (int s = 0; s < optimizer.slots().size(); s++) {
      for (int part = 0; part < optimizer.stateSlots(); part++) {
        DenseOptimizer.Slot slot = optimizer.slots().get(s);
        Tensor saved = tensors.get(stateName(optimizer, s, part));
        if (saved == null || saved.values().limit() != slot.values().limit()) {
          throw new IOException("no fitting state of " + slot.name());
        }
        optimizer.restore(s, part, saved.values());
      }
    }
  }

  private static String stateName(DenseOptimizer optimizer, int slot, int part) {
    return "state" + (part + 1) + ":" + optimizer.slots().get(slot).name();
  }

  /** Keeps only the last and the best state; all else is old, or from a process that died. */
  private void deleteAllBut(RunState state) throws IOException {
    List<Path> old;
    try (Stream<Path> entries = Files.list(folder)) {
      old =
          entries
              .filter(path -> path.getFileName().toString().startsWith("step-"))
              .filter(path -> !path.getFileName().toString().equals(state.last()))
              .filter(path -> !path.getFileName().toString().equals(state.best()))
              .toList();
    }
    for (Path path : old) {
      DurableFiles.delete(path);
    }
  }
}
