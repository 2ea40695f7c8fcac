package org.llm4msr.tck.guard;

/**
 * What the process holds that only closing gives back. Two of them, taken at the same point of work
 * that repeats, are equal where nothing leaks.
 *
 * @param arrays open NDArrays of the engine, of all threads
 * @param arrowBytes memory of Arrow allocators that were made since {@link #watch}
 */
public record Held(int arrays, long arrowBytes) {

  /** Counts Arrow memory from now on. Belongs before the first allocator. */
  public static void watch() {
    TrackedMemory.install();
  }

  /** Returns what is held at this moment. */
  public static Held now() {
    return new Held(ArrayWatch.open().size(), TrackedMemory.heldBytes());
  }
}
