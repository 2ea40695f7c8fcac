package org.llm4msr.tck.guard;

import java.util.List;

/**
 * The Arrow memory of the process, in all allocators that were made since the first guarded test.
 */
final class ArrowWatch implements ResourceWatch {

  private final long before;

  ArrowWatch() {
    TrackedMemory.install();
    before = TrackedMemory.mark();
  }

  @Override
  public List<String> leftovers() {
    return TrackedMemory.heldSince(before).stream().map(TrackedMemory::describe).toList();
  }
}
