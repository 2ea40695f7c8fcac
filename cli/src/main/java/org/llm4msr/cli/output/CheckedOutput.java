package org.llm4msr.cli.output;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** Keeps the reason, which a {@code PrintStream} hides, why something could not be written. */
public final class CheckedOutput extends FilterOutputStream {

  private volatile @Nullable IOException failure;

  /** Passes on what is written. */
  public CheckedOutput(OutputStream out) {
    super(out);
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int count) throws IOException {
    try {
      out.write(bytes, from, count);
    } catch (IOException e) {
      failure = e;
      throw e;
    }
  }

  /** Returns the reason, or null; a reader that closes early, like {@code head}, is no failure. */
  public @Nullable String failure() {
    IOException last = failure;
    String reason = last == null ? "" : String.valueOf(last.getMessage());
    return last == null || reason.contains("Broken pipe") ? null : reason;
  }
}
