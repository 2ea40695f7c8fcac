package org.llm4msr.plugins.llm.decoder;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.codec.binary.Hex;
import org.apache.commons.codec.digest.DigestUtils;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.toolkit.hub.ModelSource;

/**
 * The files of a Hugging Face model, found but not read.
 *
 * @param name name in the configuration, without the parent folders
 * @param revision commit of its repository, or {@code folder}
 * @param folder the folder of configuration and weights
 * @param tokenizer {@code tokenizer.json} or {@code tokenizer.model}
 */
record ModelFolder(String name, String revision, Path folder, Path tokenizer) {

  private static final List<String> TOKENIZERS = List.of("tokenizer.json", "tokenizer.model");

  /** Files of a repository that are downloaded. */
  private static final List<String> WANTED =
      List.of("*.json", ChatTemplate.FILE, "tokenizer.model", "model*.safetensors");

  private static final List<String> SETTINGS =
      List.of(
          "config.json",
          "generation_config.json",
          "tokenizer_config.json",
          "added_tokens.json",
          ChatTemplate.FILE);

  /** Finds the model that the settings name, and downloads it if they name a repository. */
  static ModelFolder find(DecoderConfig config, Path base) {
    if (ModelSource.isFolder(config.model())) {
      Path folder = base.resolve(config.model()).normalize();
      return find(config, base, String.valueOf(folder.getFileName()), "folder", folder);
    }
    ModelSource.Resolved source = ModelSource.of(config.model(), base).resolve(WANTED);
    return find(config, base, source.name(), source.revision(), source.folder());
  }

  private static ModelFolder find(
      DecoderConfig config, Path base, String name, String revision, Path folder) {
    if (!Files.isRegularFile(folder.resolve("config.json"))) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/MODEL_NOT_FOUND",
          "no file config.json in %s. Choose the folder of a Hugging Face model."
              .formatted(folder));
    }
    Path stated = config.tokenizer() == null ? folder : base.resolve(config.tokenizer());
    Path tokenizer =
        Files.isRegularFile(stated)
            ? stated
            : TOKENIZERS.stream()
                .map(stated::resolve)
                .filter(Files::isRegularFile)
                .findFirst()
                .orElseThrow(() -> noTokenizer(stated));
    WeightFiles.files(folder);
    return new ModelFolder(name, revision, folder, tokenizer);
  }

  private static MsrException noTokenizer(Path folder) {
    return new MsrException(
        ErrorType.USER,
        "knowledge/MODEL_NOT_FOUND",
        "no %s in %s. Copy the tokenizer there, or name its folder with tokenizer."
            .formatted(String.join(" or ", TOKENIZERS), folder));
  }

  ModelJson config() {
    return ModelJson.read(folder.resolve("config.json"));
  }

  /** Returns a file beside the tokenizer or the weights, or an empty object. */
  ModelJson optional(String file) {
    return beside(file).map(ModelJson::read).orElseGet(() -> ModelJson.empty(folder.resolve(file)));
  }

  /** Returns a file beside the tokenizer or the weights. */
  Optional<Path> beside(String file) {
    return Stream.of(tokenizer.resolveSibling(file), folder.resolve(file))
        .filter(Files::isRegularFile)
        .findFirst();
  }

  /** Returns the SHA-256 of all that determines the states. */
  String checksum() {
    MessageDigest digest = DigestUtils.getSha256Digest();
    List<Path> files = new ArrayList<>(WeightFiles.files(folder));
    files.add(tokenizer);
    SETTINGS.stream()
        .flatMap(name -> Stream.of(folder.resolve(name), tokenizer.resolveSibling(name)))
        .map(file -> file.toAbsolutePath().normalize())
        .distinct()
        .filter(Files::isRegularFile)
        .forEach(files::add);
    try {
      for (Path file : files) {
        DigestUtils.updateDigest(digest, file);
      }
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "knowledge/MODEL_NOT_READABLE",
          "cannot read the files of %s: %s. Fix their permissions."
              .formatted(folder, e.getMessage()),
          e);
    }
    return Hex.encodeHexString(digest.digest());
  }
}
