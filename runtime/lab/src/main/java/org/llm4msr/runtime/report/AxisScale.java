package org.llm4msr.runtime.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The scale of an axis.
 *
 * @param min value at its start, a multiple of the step
 * @param max value at its end, a multiple of the step
 * @param step between two ticks
 * @param from place of its start
 * @param to place of its end
 */
record AxisScale(double min, double max, double step, double from, double to) {

  private static final int TICKS = 5;

  /** Returns an axis with round ticks that has room for two values; if they are one, around it. */
  static AxisScale of(double low, double high, double from, double to) {
    if (low == high) {
      double around = low == 0 ? 1 : Math.abs(low) / 2;
      return of(low - around, low + around, from, to);
    }
    double width = high - low;
    double power = Math.pow(10, Math.floor(Math.log10(width / TICKS)));
    double parts = width / TICKS / power;
    double step = power * (parts <= 1 ? 1 : parts <= 2 ? 2 : parts <= 5 ? 5 : 10);
    double min = Math.floor(low / step + 1e-9) * step;
    double max = Math.ceil(high / step - 1e-9) * step;
    return new AxisScale(min, max, step, from, to);
  }

  double at(double value) {
    return from + (value - min) / (max - min) * (to - from);
  }

  List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    long count = Math.round((max - min) / step);
    for (long i = 0; i <= count; i++) {
      ticks.add(min + i * step);
    }
    return ticks;
  }

  /** Returns a tick as text, with enough digits to distinguish it from the next. */
  String label(double tick) {
    int digits = (int) Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    return String.format(Locale.ROOT, "%,." + digits + "f", tick == 0 ? 0.0 : tick);
  }
}
