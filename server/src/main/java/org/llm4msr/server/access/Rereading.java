package org.llm4msr.server.access;

import com.linecorp.armeria.common.util.ThreadFactories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.llm4msr.api.MsrException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has files read again when their content has changed. */
public final class Rereading implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Rereading.class);
  private static final double MILLIS = 1000;

  private final List<Watched> watched = new ArrayList<>();
  private final ScheduledThreadPoolExecutor thread =
      new ScheduledThreadPoolExecutor(1, ThreadFactories.newThreadFactory("llm4msr-access", true));

  /** Files that are read together; a change is only looked for on the thread. */
  private static final class Watched {
    private final List<Path> files;
    private final Runnable read;
    private byte[][] content;
    private String fault = "";

    private Watched(List<Path> files, Runnable read) {
      this.files = files;
      this.read = read;
      content = content();
    }

    private byte[][] content() {
      return files.stream().map(Watched::content).toArray(byte[][]::new);
    }

    private static byte[] content(Path file) {
      try {
        return Files.readAllBytes(file);
      } catch (IOException e) {
        return new byte[0]; // Who reads it tells what is wrong.
      }
    }

    private void look() {
      byte[][] now = content();
      if (Arrays.deepEquals(now, content)) {
        return;
      }
      content = now;
      try {
        read.run();
        fault = "";
        LOG.info("{} has changed, and counts from now on.", files);
      } catch (MsrException e) {
        String text = String.valueOf(e.getMessage());
        if (!fault.equals(text)) {
          LOG.error("{} has changed, but what was read before counts still: {}", files, text);
        }
        fault = text;
      }
    }
  }

  /**
   * Watches files that were read.
   *
   * @param read reads them again; what it throws is logged
   */
  public void add(List<Path> files, Runnable read) {
    watched.add(new Watched(files, read));
  }

  /**
   * Looks from now on.
   *
   * @param seconds between two looks; 0: never
   */
  public void begin(double seconds) {
    long millis = (long) (seconds * MILLIS);
    if (millis > 0 && !watched.isEmpty()) {
      Future<?> unused =
          thread.scheduleWithFixedDelay(this::look, millis, millis, TimeUnit.MILLISECONDS);
    }
  }

  /** Looks once, on the thread that calls. */
  void look() {
    watched.forEach(Watched::look);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
