package org.llm4msr.runtime.data.preparation;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Drawn damage: one to three edits of a file, of its bytes or of its words. */
public final class Mutations {

  private static final Pattern WORDS = Pattern.compile("[\\w.-]+|\\s+|[^\\w\\s]");

  private static final List<String> NASTY =
      List.of(
          "",
          "0",
          "-1",
          "2147483648",
          "9223372036854775808",
          "1e999",
          "NaN",
          "-.inf",
          "null",
          "~",
          "true",
          "''",
          "\"",
          "'",
          "[",
          "]",
          "{",
          "}",
          "[]",
          "{}",
          ":",
          ",",
          ",,,",
          "|",
          "#",
          "&a",
          "*a",
          "<<",
          "!!map",
          "%",
          "@",
          "\t",
          "\n",
          "\r",
          "\0",
          "\ufeff",
          "\u00e9",
          "\ud83d\ude00",
          "../..",
          "/",
          "\\",
          "${x}",
          "{{x}}",
          "x".repeat(5000));

  private static final int[] NUMBERS = {
    0, 1, -1, 7, 8, 127, 128, 255, 65536, 1 << 24, 1 << 30, Integer.MAX_VALUE, Integer.MIN_VALUE
  };

  private final RandomGenerator random;

  /** Draws the same edits for the same seed. */
  public Mutations(long seed) {
    // The first draws of a plain Random are alike for neighbouring seeds.
    this.random = new SplittableRandom(seed);
  }

  /** Returns one of some things. */
  public <T> T pick(List<T> things) {
    return things.get(random.nextInt(things.size()));
  }

  /** Returns true with a probability of one in some. */
  public boolean oneIn(int some) {
    return random.nextInt(some) == 0;
  }

  /** Damages a file of any format. */
  public byte[] bytes(byte[] original) {
    byte[] bytes = original.clone();
    for (int edits = 1 + random.nextInt(3); edits > 0 && bytes.length > 0; edits--) {
      bytes = edit(bytes, position(bytes.length));
    }
    return bytes;
  }

  /** Sets one to three aligned numbers of a binary format, as offsets and counts are, to others. */
  public byte[] numbers(byte[] original) {
    ByteBuffer bytes = ByteBuffer.wrap(original.clone()).order(ByteOrder.LITTLE_ENDIAN);
    for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
      int width = random.nextBoolean() ? Integer.BYTES : Long.BYTES;
      int count = original.length / width;
      if (count > 0) {
        int at = random.nextInt(count) * width;
        int number = NUMBERS[random.nextInt(NUMBERS.length)];
        if (width == Integer.BYTES) {
          bytes.putInt(at, random.nextBoolean() ? number : bytes.getInt(at) + number);
        } else {
          bytes.putLong(at, random.nextBoolean() ? number : bytes.getLong(at) + number);
        }
      }
    }
    return bytes.array();
  }

  /** Formats keep what they say of themselves at their ends. */
  private int position(int length) {
    int near = Math.min(length, 1024);
    return switch (random.nextInt(3)) {
      case 0 -> random.nextInt(near);
      case 1 -> length - 1 - random.nextInt(near);
      default -> random.nextInt(length);
    };
  }

  private byte[] edit(byte[] bytes, int at) {
    int length = Math.min(bytes.length - at, 1 + random.nextInt(64));
    switch (random.nextInt(7)) {
      case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> bytes[at] = (byte) random.nextInt(256);
      case 2 -> {
        int aligned = Math.min(at & ~3, bytes.length - Integer.BYTES);
        if (aligned >= 0) {
          int number = NUMBERS[random.nextInt(NUMBERS.length)];
          ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(aligned, number);
        }
      }
      case 3 -> Arrays.fill(bytes, at, at + length, (byte) (random.nextBoolean() ? 0 : -1));
      case 4 -> {
        return joined(bytes, 0, at, bytes, at + length, bytes.length);
      }
      case 5 -> {
        return joined(bytes, 0, at + length, bytes, at, bytes.length);
      }
      default -> {
        return Arrays.copyOf(bytes, at);
      }
    }
    return bytes;
  }

  private static byte[] joined(byte[] a, int fromA, int toA, byte[] b, int fromB, int toB) {
    ByteBuffer joined = ByteBuffer.allocate(toA - fromA + toB - fromB);
    return joined.put(a, fromA, toA - fromA).put(b, fromB, toB - fromB).array();
  }

  /** Damages a text: its words and lines mostly, sometimes its bytes. */
  public byte[] text(byte[] original) {
    if (oneIn(8)) {
      return bytes(original);
    }
    // One character a byte: the text may be no UTF-8.
    String text = new String(original, ISO_8859_1);
    for (int edits = 1 + random.nextInt(3); edits > 0 && !text.isEmpty(); edits--) {
      text = oneIn(3) ? lines(text) : words(text);
    }
    return text.getBytes(ISO_8859_1);
  }

  private String lines(String text) {
    List<String> lines = new ArrayList<>(List.of(text.split("\n", -1)));
    int at = random.nextInt(lines.size());
    switch (random.nextInt(4)) {
      case 0 -> lines.remove(at);
      case 1 -> lines.add(random.nextInt(lines.size() + 1), lines.get(at));
      case 2 -> lines.set(at, " ".repeat(1 + random.nextInt(4)) + lines.get(at));
      default -> lines.set(at, lines.get(at).stripLeading());
    }
    return String.join("\n", lines);
  }

  private String words(String text) {
    List<String> words = new ArrayList<>();
    Matcher matcher = WORDS.matcher(text);
    while (matcher.find()) {
      words.add(matcher.group());
    }
    if (words.isEmpty()) {
      return text;
    }
    int at = random.nextInt(words.size());
    switch (random.nextInt(4)) {
      case 0 -> words.set(at, pick(words));
      case 1 -> words.add(at, nasty());
      case 2 -> words.set(at, nasty());
      default -> words.remove(at);
    }
    return String.join("", words);
  }

  private String nasty() {
    return new String(pick(NASTY).getBytes(UTF_8), ISO_8859_1);
  }
}
