package org.llm4msr.plugins.llm.decoder;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.codec.binary.Hex;
import org.apache.commons.codec.digest.DigestUtils;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * The files of a Hugging Face model, found but not read.
 *
 * @param name as the configuration names it, without the folders above
 * @param folder where configuration and weights are
 * @param tokenizer {@code tokenizer.json} or {@code tokenizer.model}
 */
record ModelFolder(String name, Path folder, Path tokenizer) {

  private static final List<String> TOKENIZERS = List.of("tokenizer.json", "tokenizer.model");
  private static final List<String> SETTINGS =
      List.of("config.json", "generation_config.json", "tokenizer_config.json");

  /** Finds the model that the settings name. */
  static ModelFolder find(DecoderConfig config, Path base) {
    Path folder = base.resolve(config.model()).normalize();
    if (!Files.isRegularFile(folder.resolve("config.json"))) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/MODEL_NOT_FOUND",
          "no file config.json in %s. Name the folder of a Hugging Face model.".formatted(folder));
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
    return new ModelFolder(String.valueOf(folder.getFileName()), folder, tokenizer);
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
    return Stream.of(tokenizer.resolveSibling(file), folder.resolve(file))
        .filter(Files::isRegularFile)
        .findFirst()
        .map(ModelJson::read)
        .orElseGet(() -> ModelJson.empty(folder.resolve(file)));
  }

  /** Returns the SHA-256 of all that decides the states. */
  String checksum() {
    MessageDigest digest = DigestUtils.getSha256Digest();
    List<Path> files = new ArrayList<>(WeightFiles.files(folder));
    files.add(tokenizer);
    SETTINGS.stream().map(folder::resolve).filter(Files::isRegularFile).forEach(files::add);
    try {
      for (Path file : files) {
        DigestUtils.updateDigest(digest, file);
      }
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "knowledge/MODEL_NOT_READABLE",
          "cannot read the files of %s: %s. Mend their rights.".formatted(folder, e.getMessage()),
          e);
    }
    return Hex.encodeHexString(digest.digest());
  }
}
