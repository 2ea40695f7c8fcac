package org.llm4msr.tck.guard;

/**
 * The resources of the process that only closing releases. Two records, taken at the same point of
 * repeated work, are equal if nothing leaks.
 *
 * @param arrays open NDArrays of the engine in all threads
 * @param arrowBytes memory in Arrow allocators that were made since {@link #watch}
 */
public record ResourceCounts(int arrays, long arrowBytes) {

  /** Counts Arrow memory from now on. Call it before the first allocator is made. */
  public static void watch() {
    TrackedMemory.install();
  }

  /** Returns the resources that are held now. */
  public static ResourceCounts now() {
    return new ResourceCounts(ArrayWatch.open().size(), TrackedMemory.heldBytes());
  }
}
