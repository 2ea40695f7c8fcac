package org.llm4msr.runtime.model;

/** Rounding to bfloat16 in double precision. */
final class Halves {

  private Halves() {}

  /** Returns the nearest number of 8 significant bits, found by its spacing 2^(exponent - 7). */
  static double rounded(float value) {
    double spacing = Math.scalb(1.0, Math.getExponent(value) - 7);
    return Math.rint(value / spacing) * spacing;
  }
}
