package org.llm4msr.plugins.datasets.input;

import io.airlift.compress.MalformedInputException;
import io.airlift.compress.zstd.ZstdInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.ZipException;

/** What is compressed with zstd. Damage is told by the exceptions by which gzip tells it. */
final class ZstdStream extends FilterInputStream {

  private static final String CUT_OFF = "Not enough input bytes";

  ZstdStream(InputStream compressed) {
    super(new ZstdInputStream(compressed));
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    try {
      return length == 0 ? 0 : super.read(target, offset, length);
    } catch (MalformedInputException e) {
      ZipException damaged = new ZipException(e.getMessage());
      damaged.initCause(e);
      throw damaged;
    } catch (IOException e) {
      throw CUT_OFF.equals(e.getMessage()) ? new EOFException(CUT_OFF) : e;
    }
  }
}
