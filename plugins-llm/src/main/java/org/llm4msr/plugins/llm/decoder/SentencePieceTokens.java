package org.llm4msr.plugins.llm.decoder;

import static java.util.Objects.requireNonNull;

import ai.djl.sentencepiece.SpTokenizer;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.commons.lang3.ArrayUtils;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * A {@code tokenizer.model} of SentencePiece, which encodes special tokens like any text, so they
 * are found here. Those of the architecture follow its vocabulary.
 */
final class SentencePieceTokens implements TextTokens {

  /** {@code normalizer_spec.add_dummy_prefix: false}; appended to a model, it overrides its own. */
  private static final byte[] NO_PREFIX = {3 << 3 | 2, 2, 3 << 3, 0};

  /** The character for a space in pieces. */
  private static final String SPACE = "\u2581";

  private final SpTokenizer tokenizer;
  private final long size;
  private final Frame frame;
  private final Map<String, Long> specialIds;
  private final Pattern anySpecial;
  private final boolean legacy;

  /** A piece of the vocabulary. */
  private record Piece(String text, boolean special) {}

  private SentencePieceTokens(
      SpTokenizer tokenizer, long size, Frame frame, Map<String, Long> specialIds, boolean legacy) {
    this.tokenizer = tokenizer;
    this.size = size;
    this.frame = frame;
    this.specialIds = specialIds;
    this.legacy = legacy;
    this.anySpecial =
        Pattern.compile(
            specialIds.keySet().stream()
                .sorted(Comparator.comparing(String::length).reversed())
                .map(Pattern::quote)
                .collect(Collectors.joining("|")));
  }

  static SentencePieceTokens open(ModelFolder folder, Architecture.Prefix prefix) {
    ModelJson settings = folder.optional("tokenizer_config.json");
    boolean legacy = settings.flag("legacy", true);
    Map<String, Long> added = added(folder, settings);
    try {
      byte[] model = Files.readAllBytes(folder.tokenizer());
      List<Piece> pieces = pieces(model);
      Map<String, Long> special = special(pieces);
      special.putAll(added);
      Frame frame = frame(folder, settings, prefix, pieces.size());
      return new SentencePieceTokens(
          new SpTokenizer(legacy ? model : ArrayUtils.addAll(model, NO_PREFIX)),
          pieces.size(),
          frame,
          special,
          legacy);
    } catch (IOException | RuntimeException e) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/MODEL_NOT_READABLE",
          "cannot read %s: %s. Get the file from the model's publisher again."
              .formatted(folder.tokenizer(), e.getMessage()),
          e);
    }
  }

  private static Frame frame(
      ModelFolder folder, ModelJson settings, Architecture.Prefix prefix, long size) {
    return prefix.tokens().isEmpty()
        ? Frame.of(settings, key -> folder.config().integers(key + "_id"))
        : new Frame(
            prefix.tokens().stream().map(name -> size + prefix.extra().indexOf(name)).toList(),
            List.of());
  }

  private static Map<String, Long> special(List<Piece> pieces) {
    Map<String, Long> ids = new HashMap<>();
    for (int i = 0; i < pieces.size(); i++) {
      if (pieces.get(i).special()) {
        ids.put(pieces.get(i).text(), (long) i);
      }
    }
    return ids;
  }

  /** Returns the special tokens that the settings add to those of the vocabulary. */
  private static Map<String, Long> added(ModelFolder folder, ModelJson settings) {
    Map<String, Long> ids = new HashMap<>();
    ModelJson added = folder.optional("added_tokens.json");
    added.keys().forEach(text -> added.integers(text).forEach(id -> ids.put(text, id)));
    ModelJson stated = settings.object("added_tokens_decoder");
    for (String id : stated.keys()) {
      String text = stated.specialToken(id);
      if (text.isEmpty() || !id.matches("[0-9]{1,9}")) {
        throw stated.wrong(id, "a token with its content, under its number");
      }
      ids.put(text, Long.valueOf(id));
    }
    return ids;
  }

  /** Reads the pieces of a model, the repeated field 1 of its protocol buffer. */
  private static List<Piece> pieces(byte[] model) throws IOException {
    CodedInputStream in = CodedInputStream.newInstance(model);
    List<Piece> pieces = new ArrayList<>();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (tag == (1 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED)) {
        pieces.add(piece(in.readByteArray()));
      } else {
        in.skipField(tag);
      }
    }
    return pieces;
  }

  /** Reads a piece: its text is field 1; its type is field 3, 2 for unknown and 3 for control. */
  private static Piece piece(byte[] message) throws IOException {
    CodedInputStream in = CodedInputStream.newInstance(message);
    String text = "";
    int type = 1;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag) {
        case 1 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED -> text = in.readString();
        case 3 << 3 | WireFormat.WIRETYPE_VARINT -> type = in.readEnum();
        default -> in.skipField(tag);
      }
    }
    return new Piece(text, type == 2 || type == 3);
  }

  /** Parts between special tokens begin as with a space; without {@code legacy}, only the first. */
  @Override
  public long[] encode(String text, boolean special) {
    LongStream.Builder ids = LongStream.builder();
    Matcher found = anySpecial.matcher(text);
    int from = 0;
    while (found.find()) {
      spell(text, from, found.start(), ids);
      ids.add(requireNonNull(specialIds.get(found.group()), "the pattern finds keys alone"));
      from = found.end();
    }
    spell(text, from, text.length(), ids);
    long[] tokens = ids.build().toArray();
    return special ? frame.around(tokens) : tokens;
  }

  private void spell(String text, int from, int to, LongStream.Builder ids) {
    String part = text.substring(from, to);
    boolean prefixed = !legacy && from == 0 && to > 0;
    int[] pieces = tokenizer.getProcessor().encode(prefixed ? SPACE + part : part);
    Arrays.stream(pieces).forEach(ids::add);
  }

  @Override
  public String decode(long[] tokens) {
    int[] pieces =
        Arrays.stream(tokens).filter(token -> token < size).mapToInt(Math::toIntExact).toArray();
    return tokenizer.getProcessor().decode(pieces);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
