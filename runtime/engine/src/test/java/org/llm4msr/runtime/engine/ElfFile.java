package org.llm4msr.runtime.engine;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a shared library of 64 bits offers, asks for and runs (System V ABI, chapters 4 and 5). */
final class ElfFile {

  private static final int SYMBOL_BYTES = 24;
  private static final long NEEDED = 1;

  private final ByteBuffer bytes;
  private final Map<String, ByteBuffer> sections = new LinkedHashMap<>();

  ElfFile(byte[] content) {
    bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    long headers = bytes.getLong(40);
    int size = bytes.getShort(58);
    int count = bytes.getShort(60);
    ByteBuffer names = section((int) headers + bytes.getShort(62) * size);
    for (int i = 0; i < count; i++) {
      int header = (int) headers + i * size;
      sections.put(text(names, bytes.getInt(header)), section(header));
    }
  }

  private ByteBuffer section(int header) {
    int offset = (int) bytes.getLong(header + 24);
    int length = (int) bytes.getLong(header + 32);
    return bytes.slice(offset, length).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static String text(ByteBuffer strings, int from) {
    int end = from;
    while (strings.get(end) != 0) {
      end++;
    }
    byte[] text = new byte[end - from];
    strings.get(from, text);
    return new String(text, US_ASCII);
  }

  /** Returns the names of functions and data that it defines. */
  List<String> offered() {
    return symbols(true);
  }

  /** Returns the names that it wants other libraries to define. */
  List<String> wanted() {
    return symbols(false);
  }

  private List<String> symbols(boolean defined) {
    ByteBuffer symbols = sections.get(".dynsym");
    List<String> names = new ArrayList<>();
    // The first is none.
    for (int at = SYMBOL_BYTES; at < symbols.capacity(); at += SYMBOL_BYTES) {
      if ((symbols.getShort(at + 6) != 0) == defined) {
        names.add(text(sections.get(".dynstr"), symbols.getInt(at)));
      }
    }
    return names;
  }

  /** Returns how many libraries it needs. */
  long needed() {
    ByteBuffer entries = sections.get(".dynamic");
    long needed = 0;
    for (int at = 0; at < entries.capacity(); at += 2 * Long.BYTES) {
      needed += entries.getLong(at) == NEEDED ? 1 : 0;
    }
    return needed;
  }

  /** Returns all its instructions. */
  byte[] code() {
    return content(".text");
  }

  /** Returns what its instructions only read. */
  byte[] constants() {
    return content(".rodata");
  }

  private byte[] content(String name) {
    ByteBuffer section = sections.getOrDefault(name, ByteBuffer.allocate(0));
    byte[] content = new byte[section.capacity()];
    section.get(0, content);
    return content;
  }

  /** Returns which compiler wrote it; empty where it does not say. */
  String compiler() {
    ByteBuffer comment = sections.get(".comment");
    return comment == null ? "" : text(comment, 0);
  }

  /** Returns the names of its sections. */
  Iterable<String> sectionNames() {
    return sections.keySet();
  }
}
