package org.llm4msr.plugins.llm.decoder;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.toolkit.safetensors.SafetensorsFile;
import org.llm4msr.toolkit.safetensors.StoredArray;

/**
 * The weights of a model folder: one safetensors file, or several with an index. Rows are read as
 * float32, whatever their type.
 */
final class WeightFiles implements AutoCloseable {

  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  /** An array and the file that holds it. */
  private record ArrayLocation(Path path, SafetensorsFile file, StoredArray array) {

    /** Returns the lengths of all dimensions; a single number is a vector of one. */
    List<Long> shape() {
      return array.shape().isEmpty() ? List.of(1L) : array.shape();
    }

    long rows() {
      return shape().get(0);
    }

    /** Returns the numbers per row; a vector has one. */
    long columns() {
      return shape().stream().skip(1).reduce(1L, Math::multiplyExact);
    }
  }

  private final Path folder;
  private final Map<String, ArrayLocation> locations = new TreeMap<>();
  private final List<SafetensorsFile> files = new ArrayList<>();

  private WeightFiles(Path folder) {
    this.folder = folder;
  }

  /** Opens the weights of a folder. */
  static WeightFiles open(Path folder) {
    WeightFiles weights = new WeightFiles(folder);
    try {
      for (Path file : files(folder)) {
        weights.add(file);
      }
      return weights;
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  /** Returns the files that hold the weights, in a fixed order. */
  static List<Path> files(Path folder) {
    if (Files.isRegularFile(folder.resolve(SINGLE))) {
      return List.of(folder.resolve(SINGLE));
    }
    if (Files.isRegularFile(folder.resolve(INDEX))) {
      return shards(ModelJson.read(folder.resolve(INDEX)));
    }
    throw new MsrException(
        ErrorType.USER,
        "knowledge/MODEL_NOT_FOUND",
        "no %s and no %s in %s. %s".formatted(SINGLE, INDEX, folder, wayOut(folder)));
  }

  private static String wayOut(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.anyMatch(file -> file.toString().endsWith(".bin"))
          ? ("Its .bin files can run code when they are read; convert them once, where you trust"
                  + " them, with Python: import torch, glob, safetensors.torch as s;"
                  + " s.save_file({k: v.clone().contiguous() for f in"
                  + " sorted(glob.glob('%s/pytorch_model*.bin')) for k, v in torch.load(f,"
                  + " weights_only=True).items()}, '%s')")
              .formatted(folder, folder.resolve(SINGLE))
          : "Choose the folder of a Hugging Face model.";
    } catch (IOException e) {
      return "Choose the folder of a Hugging Face model.";
    }
  }

  private static List<Path> shards(ModelJson index) {
    TreeSet<Path> shards = new TreeSet<>();
    ModelJson weightMap = index.object("weight_map");
    for (String array : weightMap.keys()) {
      String name = weightMap.text(array, "");
      Path shard = index.file().resolveSibling(name);
      if (!name.equals(String.valueOf(shard.getFileName())) || !Files.isRegularFile(shard)) {
        throw new MsrException(
            ErrorType.USER,
            "knowledge/MODEL_NOT_FOUND",
            "no file '%s' in %s, where %s places %s. Get all files of the model."
                .formatted(name, index.file().getParent(), INDEX, array));
      }
      shards.add(shard);
    }
    return List.copyOf(shards);
  }

  private void add(Path path) {
    try {
      SafetensorsFile file = SafetensorsFile.open(path, how -> damaged(path, how));
      files.add(file);
      for (StoredArray array : file.arrays().values()) {
        if (!array.isReadable()) {
          throw new MsrException(
              ErrorType.USER,
              "knowledge/UNSUPPORTED_MODEL",
              "'%s' is of type %s in %s; the decoder reads F64, F32, F16 and BF16. Use weights that are not quantised."
                  .formatted(array.name(), array.type(), path));
        }
        locations.put(array.name(), new ArrayLocation(path, file, array));
      }
    } catch (IOException e) {
      throw failed(path, e);
    }
  }

  boolean has(String name) {
    return locations.containsKey(name);
  }

  /**
   * Checks that an array is there and has a shape.
   *
   * @throws MsrException with code {@code knowledge/MISSING_WEIGHTS} that names it
   */
  void require(String name, long rows, long columns) {
    ArrayLocation location = location(name);
    if (location.rows() != rows || location.columns() != columns) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/MISSING_WEIGHTS",
          "'%s' has the shape %s in %s, config.json asks for %s. Use config.json and weights of one model."
              .formatted(
                  name,
                  location.shape(),
                  location.path(),
                  location.shape().size() == 1 ? List.of(rows) : List.of(rows, columns)));
    }
  }

  /**
   * Checks that an array is absent.
   *
   * @throws MsrException with code {@code knowledge/MISSING_WEIGHTS} that names it
   */
  void requireNone(String name) {
    if (has(name)) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/MISSING_WEIGHTS",
          "'%s' is in %s, and config.json has fewer layers. Use config.json and weights of one model."
              .formatted(name, location(name).path()));
    }
  }

  private ArrayLocation location(String name) {
    ArrayLocation location = locations.get(name);
    if (location == null) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/MISSING_WEIGHTS",
          "there is no '%s' among the %d arrays in %s, which the model_type of config.json has. Use config.json and weights of one model."
              .formatted(name, locations.size(), folder));
    }
    return location;
  }

  /** Appends rows of an array, as float32, to a buffer. */
  void read(String name, long firstRow, long rows, FloatBuffer target) {
    ArrayLocation location = location(name);
    long columns = location.columns();
    try {
      location.file().read(location.array(), firstRow * columns, rows * columns, target);
    } catch (IOException e) {
      throw failed(location.path(), e);
    }
  }

  private static MsrException damaged(Path file, String how) {
    return new MsrException(
        ErrorType.DATA,
        "knowledge/MODEL_NOT_READABLE",
        file + " is not a complete safetensors file: " + how + ". Copy or download it again.");
  }

  private static MsrException failed(Path file, IOException cause) {
    return new MsrException(
        ErrorType.RESOURCES,
        "knowledge/MODEL_NOT_READABLE",
        "cannot read %s: %s. Fix its permissions, or copy it again."
            .formatted(file, cause.getMessage()),
        cause);
  }

  @Override
  public void close() {
    for (SafetensorsFile file : files) {
      try {
        file.close();
      } catch (IOException e) {
        // It was only read; nothing can be lost.
      }
    }
  }
}
