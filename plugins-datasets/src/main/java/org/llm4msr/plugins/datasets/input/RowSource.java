package org.llm4msr.plugins.datasets.input;

import de.siegmar.fastcsv.reader.CsvParseException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.util.Arrays;

/**
 * The bytes of a file on their way to the tokenizer, for which each is a character. If a row cannot
 * be tokenized, its first line is skipped and what is behind it is read again.
 */
final class RowSource extends Reader {

  /** A row that is longer by less than the tokenizer reads at once is only refused later. */
  private static final int MOST_KEPT = TextBatch.LONGEST_ROW + (1 << 16);

  private final InputStream bytes;
  private byte[] kept = new byte[1 << 16];

  /** What is kept is {@code [start, end)}, and the tokenizer has read it before {@code at}. */
  private int start;

  private int at;
  private int end;

  /** The number of the line that begins at the start. */
  private long line = 1;

  private boolean afterReturn;
  private long row = 1;

  RowSource(InputStream bytes) {
    this.bytes = bytes;
  }

  /** Says in which line the row begins that is tokenized now. */
  void begin(long line) {
    row = line;
  }

  @Override
  public int read(char[] target, int offset, int length) throws IOException {
    if (at == end) {
      forget();
      if (end - start > MOST_KEPT) {
        throw new CsvParseException("The row is too long.");
      }
      if (!fill()) {
        return -1;
      }
    }
    int count = Math.min(length, end - at);
    for (int i = 0; i < count; i++) {
      target[offset + i] = (char) (kept[at + i] & 0xff);
    }
    at += count;
    return count;
  }

  /** Forgets what is before the row. */
  private void forget() {
    while (line < row && start < end) {
      int next = ByteSearch.lineEnd(kept, start, end);
      afterReturn &= next == start;
      start = next;
      if (next < end) {
        line += kept[next] == '\r' || !afterReturn ? 1 : 0;
        afterReturn = kept[next] == '\r';
        start++;
      }
    }
  }

  private boolean fill() throws IOException {
    if (start > 0) {
      System.arraycopy(kept, start, kept, 0, end - start);
      at -= start;
      end -= start;
      start = 0;
    }
    if (end == kept.length) {
      kept = Arrays.copyOf(kept, 2 * kept.length);
    }
    int count = bytes.read(kept, end, kept.length - end);
    end += Math.max(0, count);
    return count > 0;
  }

  /**
   * Skips the first line of the row, behind which reading goes on.
   *
   * @param shown takes the beginning of the line
   * @param most the number of bytes to show
   * @return the length of the line
   */
  long skipLine(StringBuilder shown, int most) throws IOException {
    forget();
    at = start;
    if (afterReturn && peek() == '\n') {
      at++;
    }
    long length = 0;
    int next = peek();
    for (; next >= 0 && next != '\n' && next != '\r'; next = peek()) {
      if (length++ < most) {
        shown.append((char) next);
      }
      start = ++at;
    }
    if (next >= 0) {
      at++;
      if (next == '\r' && peek() == '\n') {
        at++;
      }
    }
    start = at;
    line++;
    afterReturn = false;
    return length;
  }

  private int peek() throws IOException {
    return at < end || fill() ? kept[at] & 0xff : -1;
  }

  @Override
  public void close() throws IOException {
    bytes.close();
  }
}
