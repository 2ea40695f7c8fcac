package org.llm4msr.plugins.datasets.input;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.jspecify.annotations.Nullable;

/** The lines of a file in UTF-8, see {@link TextInput}; of one with a fault, the beginning. */
public record LineRows(Path file) implements TextInput {

  /** The column of the lines. */
  public static final String TEXT = "(text)";

  private static final int SHOWN = 100;

  @Override
  public ArrowReader open(BufferAllocator allocator) {
    try {
      return new Batches(new TextBatchColumn(TEXT, TextBatch.MOST_ROWS, UTF_8), allocator);
    } catch (IOException e) {
      throw TextFile.unreadable(file, e);
    }
  }

  private final class Batches extends TextBatches {
    private final TextBatchColumn text;
    private final InputStream bytes = TextFile.bytes(file);
    private final byte[] window = new byte[2 * TextBatch.LONGEST_ROW];

    /** What is read of the window, from the start of a line. */
    private int start;

    private int end;
    private long line;

    Batches(TextBatchColumn text, BufferAllocator allocator) throws IOException {
      super(file(), new TextBatch(List.of(text)), false, allocator);
      this.text = text;
    }

    @Override
    boolean readRow() throws IOException {
      int length = lineLength();
      if (length < 0) {
        return false;
      }
      batch.begin();
      String fault = fault(length);
      if (fault == null) {
        boolean withReturn = length > 0 && window[start + length - 1] == '\r';
        text.set(batch.row(), window, start, withReturn ? length - 1 : length);
      } else {
        batch.fault(fault);
        String beginning = new String(window, start, Math.min(length, SHOWN), UTF_8);
        text.set(batch.row(), beginning);
      }
      batch.end(++line, length);
      skipLine(length);
      return true;
    }

    private @Nullable String fault(int length) {
      return length > TextBatch.LONGEST_ROW
          ? TextBatch.TOO_LONG
          : TextBatchColumn.isUtf8(window, start, length) ? null : NOT_UTF_8;
    }

    /**
     * Returns the length of the line, without its end; of one that is too long, that of the part
     * that is read; -1 if there is none.
     */
    private int lineLength() throws IOException {
      int length = 0;
      do {
        int found = ByteSearch.lineFeed(window, start + length, end);
        length = found - start;
        if (found < end) {
          return length;
        }
      } while (length <= TextBatch.LONGEST_ROW && fill());
      return length > 0 ? length : -1;
    }

    private void skipLine(int length) throws IOException {
      start += length;
      do {
        start = ByteSearch.lineFeed(window, start, end);
      } while (start == end && fill());
      start = Math.min(end, start + 1);
    }

    private boolean fill() throws IOException {
      if (end == window.length) {
        System.arraycopy(window, start, window, 0, end - start);
        end -= start;
        start = 0;
      }
      int count = bytes.read(window, end, window.length - end);
      end += Math.max(0, count);
      return count > 0;
    }

    @Override
    protected void closeReadSource() throws IOException {
      bytes.close();
    }
  }
}
