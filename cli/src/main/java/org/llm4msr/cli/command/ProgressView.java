package org.llm4msr.cli.command;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import me.tongfei.progressbar.ProgressState;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Progress;
import org.llm4msr.cli.output.Speed;
import org.llm4msr.runtime.text.RoughTime;

/** Shows the progress of long work on stderr: a bar on a terminal, else one line per minute. */
public interface ProgressView extends Progress, AutoCloseable {

  /** The launcher says by this system property whether stderr is a terminal. */
  String TERMINAL = "llm4msr.terminal";

  @Override
  void close();

  /**
   * Makes a view.
   *
   * @param task what is being done
   * @param unit the unit that is counted, in the plural
   */
  static ProgressView of(PrintStream err, String task, String unit) {
    return Boolean.getBoolean(TERMINAL)
        ? new Bar(err, task, unit)
        : new Lines(err, task, unit, System::nanoTime);
  }

  /** A bar with rate and time left. */
  final class Bar implements ProgressView {
    private static final long SHOW_EVERY = Duration.ofMillis(500).toNanos();

    private final ProgressBarBuilder builder;
    private final String unit;
    private final Speed speed = new Speed(System::nanoTime);
    private @Nullable ProgressBar bar; // Begins with the work: a refused command shows none.
    private long shown;
    private String step = "";

    Bar(PrintStream err, String task, String unit) {
      this.unit = unit;
      builder =
          new ProgressBarBuilder()
              .setTaskName(task)
              .setInitialMax(-1)
              .setUnit(" " + unit, 1)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(500)
              .setConsumer(new ConsoleProgressBarConsumer(err))
              .setEtaFunction(this::left);
    }

    private Optional<Duration> left(ProgressState state) {
      double rate = speed.perSecond(state.getCurrent());
      return state.isIndefinite() || !(rate > 0)
          ? Optional.empty()
          : Optional.of(
              Duration.ofSeconds(Math.round((state.getMax() - state.getCurrent()) / rate)));
    }

    @Override
    public synchronized void detail(long skipped, String remark) {
      speed.detail(skipped, remark);
    }

    @Override
    public synchronized void step(String name) {
      speed.step();
      begun().maxHint(-1);
      begun().stepTo(0);
      begun().setExtraMessage(" " + name);
      step = name + ", ";
    }

    private ProgressBar begun() {
      if (bar == null) {
        bar = builder.build();
      }
      return bar;
    }

    @Override
    public synchronized void update(long done, long total) {
      begun().maxHint(total);
      begun().stepTo(done);
      if (System.nanoTime() - shown > SHOW_EVERY) {
        shown = System.nanoTime();
        begun().setExtraMessage(" " + step + speed.text(done, unit));
      }
    }

    @Override
    public synchronized void close() {
      if (bar != null) {
        bar.close();
      }
    }
  }

  /** One line per minute, and one at the end. */
  final class Lines implements ProgressView {
    private static final long EVERY = Duration.ofMinutes(1).toNanos();
    private final PrintStream err;
    private final String task;
    private final String unit;
    private String step = "";
    private final LongSupplier clock;
    private final Speed speed;
    private long due;
    private long done;
    private boolean begun;

    Lines(PrintStream err, String task, String unit, LongSupplier clock) {
      this.err = err;
      this.task = task;
      this.unit = unit;
      this.clock = clock;
      this.speed = new Speed(clock);
      this.due = clock.getAsLong() + EVERY;
    }

    @Override
    public synchronized void step(String name) {
      speed.step();
      step = " (" + name + ")";
      if (isDue()) {
        err.println(task + step);
      }
    }

    @Override
    public synchronized void update(long done, long total) {
      this.done = done;
      begun = true;
      if (isDue()) {
        err.println(line(done, total));
      }
    }

    private boolean isDue() {
      long now = clock.getAsLong();
      boolean isDue = now - due >= 0;
      due = isDue ? now + EVERY : due;
      return isDue;
    }

    @Override
    public synchronized void detail(long skipped, String remark) {
      speed.detail(skipped, remark);
    }

    private String line(long done, long total) {
      double rate = speed.perSecond(done);
      String text = String.format(Locale.ROOT, "%s%s: %,d", task, step, done);
      if (total > 0) {
        double percent = 100.0 * done / total;
        text += String.format(Locale.ROOT, " of %,d %s, %.0f %%", total, unit, percent);
      } else {
        text += " " + unit;
      }
      text += ", " + speed.text(done, unit);
      return total > 0 && rate > 0
          ? text + ", " + RoughTime.of((total - done) / rate) + " left"
          : text;
    }

    @Override
    public synchronized void close() {
      if (!begun) {
        return;
      }
      err.println(
          String.format(Locale.ROOT, "%s: %,d %s in %.1f s", task, done, unit, speed.seconds()));
    }
  }
}
