package org.llm4msr.server.refusal;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;

/** Why knowledge is not taken. */
public final class KnowledgeRefusals {

  /** There is none of a key. */
  public static final String NO_VECTOR = "serve/NO_VECTOR";

  /** No room for more. */
  public static final String FULL = "serve/KNOWLEDGE_FULL";

  /** No model reads that level. */
  public static final String NOT_READ = "serve/NOT_READ";

  /** Nothing turns texts into vectors. */
  public static final String NO_ENCODER = "serve/NO_ENCODER";

  /** Another language model made the bundles. */
  public static final String OTHER_ENCODER = "serve/OTHER_ENCODER";

  /** A text that is too long. The encoders say the same. */
  public static final String TEXT_TOO_LONG = "knowledge/PROMPT_TOO_LONG";

  private KnowledgeRefusals() {}

  /** Says that a key has no vector of its own. */
  public static MsrException noVector(Level level, String key) {
    return new MsrException(
        ErrorType.USER,
        NO_VECTOR,
        "The server was given no vector of the %s '%s', so what bundles hold counts. PUT one here."
            .formatted(name(level), key));
  }

  /** Says that no model reads knowledge of a level. */
  public static MsrException notRead(Level level) {
    return new MsrException(
        ErrorType.USER,
        NOT_READ,
        "No model of the server reads knowledge of %ss. Serve one that does, or leave it out."
            .formatted(name(level)));
  }

  /** Says that no model has a scenario. */
  public static MsrException noScenario(String key, Set<String> all) {
    return new MsrException(
        ErrorType.USER,
        Refusals.NO_SCENARIO,
        "No model of the server has the scenario '%s'. Name one of %s.".formatted(key, all));
  }

  /** Says that a vector has another width than models read. */
  public static MsrException width(int found, String models) {
    return new MsrException(
        ErrorType.USER,
        "serve/VECTOR_SIZE",
        "The vector has %,d numbers, but %s. Send what the language model of the bundle gives."
            .formatted(found, models));
  }

  /** Says that nothing turns texts into vectors. */
  public static MsrException noEncoder() {
    return new MsrException(
        ErrorType.USER,
        NO_ENCODER,
        "The server has no encoder of texts. Send a vector, or set knowledge.encoder in its configuration.");
  }

  /** Says that a text has more characters than any that the encoder reads. */
  public static MsrException textTooLong(int length, long most, int tokens) {
    return new MsrException(
        ErrorType.USER,
        TEXT_TOO_LONG,
        "The text has %,d characters; the encoder reads %,d tokens, and no text above %,d characters is tried. Shorten it."
            .formatted(length, tokens, most));
  }

  /** Says that the encoder reads keys in place of texts. */
  public static MsrException readsKeys(String encoder) {
    return new MsrException(
        ErrorType.USER,
        NO_ENCODER,
        "The encoder '%s' looks up vectors by key, and encodes no texts. Send a vector, or set another knowledge.encoder."
            .formatted(encoder));
  }

  /** Says that the encoder is not that of any bundle. */
  public static MsrException otherEncoder(String encoder) {
    return new MsrException(
        ErrorType.USER,
        OTHER_ENCODER,
        "No model reads vectors of %s, which knowledge.encoder gives. Configure the encoder that the knowledge of the bundles was made with."
            .formatted(encoder));
  }

  /** Says that there is no room. */
  public static MsrException full(long needed, long most) {
    return new MsrException(
        ErrorType.RESOURCES,
        FULL,
        "The vectors would take %,d bytes of the heap, but knowledge.bytes allows %,d. DELETE some, or raise it."
            .formatted(needed, most));
  }

  /** Says that a folder cannot be used. */
  public static MsrException folder(Path folder, String reason) {
    return new MsrException(
        ErrorType.USER,
        "serve/KNOWLEDGE_FOLDER",
        "The folder %s cannot be used: %s. Set knowledge.folder to a folder of this server alone."
            .formatted(folder, reason));
  }

  /** Says that a change is not on the disk. */
  public static MsrException notWritten(Throwable cause) {
    return new MsrException(
        ErrorType.EXTERNAL,
        "serve/KNOWLEDGE_NOT_WRITTEN",
        "Nothing was changed, because knowledge.folder of the server cannot be written; its log says why. Make room, or fix its permissions.",
        cause,
        true);
  }

  private static String name(Level level) {
    return level.name().toLowerCase(Locale.ROOT);
  }
}
