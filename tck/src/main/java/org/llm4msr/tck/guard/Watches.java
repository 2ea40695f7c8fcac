package org.llm4msr.tck.guard;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Some guards at work, which know what there was when they were made. */
public final class Watches {

  private final Map<Guard, ResourceWatch> watches = new EnumMap<>(Guard.class);

  /** Begins to watch. */
  public Watches(Set<Guard> guards) {
    guards.forEach(guard -> watches.put(guard, start(guard)));
  }

  private static ResourceWatch start(Guard guard) {
    return switch (guard) {
      case ARRAYS -> new ArrayWatch();
      case ARROW -> new ArrowWatch();
      case THREADS -> new ThreadWatch();
      case CLASS_LOADER -> new ClassLoaderWatch();
      case SEED -> new SeedWatch();
      case LOCALE -> new LocaleWatch();
      case TIME_ZONE -> new TimeZoneWatch();
      case STREAMS -> new StreamWatch();
    };
  }

  /** Returns what was left behind, a line for each thing, and restores what can be restored. */
  public Map<Guard, List<String>> leftovers() {
    Map<Guard, List<String>> all = new EnumMap<>(Guard.class);
    watches.forEach((guard, watch) -> all.put(guard, watch.leftovers()));
    all.values().removeIf(List::isEmpty);
    return all;
  }
}
