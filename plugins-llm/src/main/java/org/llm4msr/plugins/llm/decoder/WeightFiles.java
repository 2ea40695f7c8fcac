package org.llm4msr.plugins.llm.decoder;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * The weights of a model folder: one safetensors file, or several with an index. Rows are read as
 * float32 from memory-mapped files, whatever their type, so that no weight is held twice.
 */
final class WeightFiles implements AutoCloseable {

  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final int MOST_HEADER_BYTES = 100_000_000;

  /** The beginning of the text that Git LFS checks out for a file that it has not fetched. */
  private static final byte[] POINTER = "version ".getBytes(StandardCharsets.US_ASCII);

  /** A number type of safetensors. */
  private enum Type {
    F32(4) {
      @Override
      void read(ByteBuffer from, FloatBuffer to) {
        to.put(from.asFloatBuffer());
      }
    },
    F16(2) {
      @Override
      void read(ByteBuffer from, FloatBuffer to) {
        while (from.hasRemaining()) {
          to.put(half(from.getShort()));
        }
      }
    },
    BF16(2) {
      @Override
      void read(ByteBuffer from, FloatBuffer to) {
        while (from.hasRemaining()) {
          to.put(Float.intBitsToFloat(from.getShort() << 16));
        }
      }
    };

    private final int bytes;

    Type(int bytes) {
      this.bytes = bytes;
    }

    abstract void read(ByteBuffer from, FloatBuffer to);
  }

  /** Where an array lies. */
  private record Place(Path file, Type type, List<Long> shape, long offset) {

    long rows() {
      return shape.get(0);
    }

    /** Returns the numbers per row; a vector has one. */
    long columns() {
      return shape.stream().skip(1).reduce(1L, Math::multiplyExact);
    }
  }

  private final Path folder;
  private final Map<String, Place> places = new TreeMap<>();
  private final Map<Path, FileChannel> channels = new HashMap<>();

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
    for (Map.Entry<String, JsonElement> entry : index.object("weight_map").entries()) {
      String name = index.object("weight_map").text(entry.getKey(), "");
      Path shard = index.file().resolveSibling(name);
      if (!name.equals(String.valueOf(shard.getFileName())) || !Files.isRegularFile(shard)) {
        throw new MsrException(
            ErrorType.USER,
            "knowledge/MODEL_NOT_FOUND",
            "no file '%s' in %s, where %s places %s. Get all files of the model."
                .formatted(name, index.file().getParent(), INDEX, entry.getKey()));
      }
      shards.add(shard);
    }
    return List.copyOf(shards);
  }

  private void add(Path file) {
    try {
      FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
      channels.put(file, channel);
      ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      if (channel.read(length, 0) < 8) {
        throw damaged(file, "it ends before its header");
      }
      long headerBytes = length.getLong(0);
      long most = Math.min(MOST_HEADER_BYTES, channel.size() - 8);
      if (Arrays.equals(length.array(), POINTER)) {
        throw damaged(file, "Git LFS left a pointer in its place; `git lfs pull` brings the file");
      }
      if (headerBytes < 2 || headerBytes > most) {
        throw damaged(file, "its header has an impossible length of " + headerBytes);
      }
      ByteBuffer text = ByteBuffer.allocate((int) headerBytes);
      while (text.hasRemaining() && channel.read(text, 8 + text.position()) >= 0) {}
      JsonObject header =
          JsonParser.parseString(new String(text.array(), StandardCharsets.UTF_8))
              .getAsJsonObject();
      for (Map.Entry<String, JsonElement> entry : header.entrySet()) {
        if (!entry.getKey().equals("__metadata__")) {
          places.put(entry.getKey(), place(file, entry, 8 + headerBytes, channel.size()));
        }
      }
    } catch (IOException e) {
      throw failed(file, e);
    } catch (JsonParseException | IllegalStateException e) {
      throw damaged(file, "its header is not a JSON object (" + e.getMessage() + ")");
    }
  }

  private static Place place(
      Path file, Map.Entry<String, JsonElement> entry, long base, long fileBytes) {
    String name = entry.getKey();
    try {
      JsonObject json = entry.getValue().getAsJsonObject();
      List<Long> shape = longs(json.getAsJsonArray("shape"));
      List<Long> ends = longs(json.getAsJsonArray("data_offsets"));
      String dtype = json.get("dtype").getAsString();
      Type type =
          Stream.of(Type.values()).filter(t -> t.name().equals(dtype)).findFirst().orElse(null);
      if (type == null) {
        throw new MsrException(
            ErrorType.USER,
            "knowledge/UNSUPPORTED_MODEL",
            "'%s' is of type %s in %s; the decoder reads F32, F16 and BF16. Use weights that are not quantised."
                .formatted(name, dtype, file));
      }
      long bytes = shape.stream().reduce((long) type.bytes, Math::multiplyExact);
      boolean inFile =
          shape.stream().allMatch(n -> n > 0)
              && ends.get(0) >= 0
              && ends.get(1) - ends.get(0) == bytes
              && ends.get(1) <= fileBytes - base;
      if (inFile) {
        return new Place(file, type, shape.isEmpty() ? List.of(1L) : shape, base + ends.get(0));
      }
    } catch (ArithmeticException
        | IllegalStateException
        | NumberFormatException
        | NullPointerException
        | IndexOutOfBoundsException
        | ClassCastException e) {
      throw damaged(file, "the entry of '" + name + "' is malformed");
    }
    throw damaged(file, "the place of '" + name + "' does not fit its shape or the file");
  }

  private static List<Long> longs(JsonArray array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonElement::getAsLong).toList();
  }

  boolean has(String name) {
    return places.containsKey(name);
  }

  /**
   * Checks that an array is there and has a shape.
   *
   * @throws MsrException with code {@code knowledge/MISSING_WEIGHTS} that names it
   */
  void require(String name, long rows, long columns) {
    Place place = place(name);
    if (place.rows() != rows || place.columns() != columns) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/MISSING_WEIGHTS",
          "'%s' has the shape %s in %s, config.json asks for %s. Use config.json and weights of one model."
              .formatted(
                  name,
                  place.shape(),
                  place.file(),
                  place.shape().size() == 1 ? List.of(rows) : List.of(rows, columns)));
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
              .formatted(name, place(name).file()));
    }
  }

  private Place place(String name) {
    Place place = places.get(name);
    if (place == null) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/MISSING_WEIGHTS",
          "there is no '%s' among the %d arrays in %s, which the model_type of config.json has. Use config.json and weights of one model."
              .formatted(name, places.size(), folder));
    }
    return place;
  }

  /** Appends rows of an array, as float32, to a buffer. */
  void read(String name, long firstRow, long rows, FloatBuffer target) {
    Place place = place(name);
    long bytes = rows * place.columns() * place.type().bytes;
    long from = place.offset() + firstRow * place.columns() * place.type().bytes;
    try {
      FileChannel channel = channels.get(place.file());
      if (channel == null) {
        throw new IllegalStateException("closed");
      }
      ByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, from, bytes);
      place.type().read(mapped.order(ByteOrder.LITTLE_ENDIAN), target);
    } catch (IOException e) {
      throw failed(place.file(), e);
    }
  }

  /** Returns an IEEE half as a float. */
  private static float half(short bits) {
    int sign = (bits & 0x8000) << 16;
    int exponent = (bits >>> 10) & 0x1f;
    int fraction = bits & 0x3ff;
    if (exponent == 0) {
      float small = fraction * 0x1p-24f;
      return sign == 0 ? small : -small;
    }
    int shifted = exponent == 31 ? 0xff : exponent - 15 + 127;
    return Float.intBitsToFloat(sign | shifted << 23 | fraction << 13);
  }

  private static MsrException damaged(Path file, String how) {
    return new MsrException(
        ErrorType.DATA,
        "knowledge/MODEL_NOT_READABLE",
        file + " is not a complete safetensors file: " + how + ". Copy or download it again.");
  }

  private static MsrException failed(Path file, @Nullable IOException cause) {
    return new MsrException(
        ErrorType.RESOURCES,
        "knowledge/MODEL_NOT_READABLE",
        "cannot read %s: %s. Fix its permissions, or copy it again."
            .formatted(file, cause == null ? "" : cause.getMessage()),
        cause);
  }

  @Override
  public void close() {
    for (FileChannel channel : channels.values()) {
      try {
        channel.close();
      } catch (IOException e) {
        // It was only read; nothing can be lost.
      }
    }
    channels.clear();
  }
}
