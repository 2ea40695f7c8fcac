package org.llm4msr.tck.guard;

import java.lang.reflect.Field;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.arrow.memory.AllocationManager;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.DefaultAllocationManagerOption;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.memory.util.MemoryUtil;

/** One piece of Arrow memory, listed from its allocation to its release. */
final class TrackedMemory extends AllocationManager {

  private static final AtomicLong COUNT = new AtomicLong();
  private static final Map<Long, TrackedMemory> HELD = new ConcurrentSkipListMap<>();
  private static boolean installed;

  private final long number = COUNT.incrementAndGet();
  private final long size;
  private final long address;
  private final String allocator;
  private final String site;

  private TrackedMemory(BufferAllocator allocator, long size) {
    super(allocator);
    this.size = size;
    this.allocator = allocator.getName();
    address = MemoryUtil.allocateMemory(size);
    site = ResourceGuard.debug() ? CallSites.here() : "";
  }

  /**
   * Makes every allocator use tracked memory from now on. Arrow offers this only per allocator, but
   * the code under test makes its own.
   */
  static synchronized void install() {
    if (installed) {
      return;
    }
    // Makes Arrow choose its own manager first.
    try (RootAllocator allocator = new RootAllocator()) {
      Factory tracking = new Tracking(allocator.getEmpty());
      Field field =
          DefaultAllocationManagerOption.class.getDeclaredField(
              "DEFAULT_ALLOCATION_MANAGER_FACTORY");
      field.setAccessible(true);
      field.set(null, tracking);
      installed = true;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this release of Arrow chooses its memory another way", e);
    }
  }

  /** Returns a point in the sequence of allocations. */
  static long mark() {
    return COUNT.get();
  }

  /** Returns the memory that was allocated after a point and is still held. */
  static List<TrackedMemory> heldSince(long mark) {
    return HELD.values().stream().filter(memory -> memory.number > mark).toList();
  }

  static long heldBytes() {
    return HELD.values().stream().mapToLong(TrackedMemory::getSize).sum();
  }

  String describe() {
    String text = size + " bytes of the allocator '" + allocator + "'";
    return site.isEmpty() ? text : text + ", allocated " + site;
  }

  @Override
  public long getSize() {
    return size;
  }

  @Override
  protected long memoryAddress() {
    return address;
  }

  @Override
  protected void release0() {
    HELD.remove(number);
    MemoryUtil.freeMemory(address);
  }

  private record Tracking(ArrowBuf empty) implements Factory {

    @Override
    public AllocationManager create(BufferAllocator allocator, long size) {
      TrackedMemory memory = new TrackedMemory(allocator, size);
      HELD.put(memory.number, memory);
      return memory;
    }
  }
}
