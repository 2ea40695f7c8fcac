package org.llm4msr.tck.zoo;

import java.util.function.Supplier;

/** Supplies what a factory of the zoo makes: the sound plugin or the current flawed one. */
final class Cage<T> {

  private final Supplier<? extends T> sound;
  private volatile Supplier<? extends T> inside;

  Cage(Supplier<? extends T> sound) {
    this.sound = sound;
    this.inside = sound;
  }

  void put(Supplier<? extends T> flawed) {
    inside = flawed;
  }

  void clear() {
    inside = sound;
  }

  T make() {
    return inside.get();
  }
}
