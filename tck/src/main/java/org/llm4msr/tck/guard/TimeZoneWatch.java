package org.llm4msr.tck.guard;

import java.util.List;
import java.util.TimeZone;

/** The default time zone of the process. */
final class TimeZoneWatch implements ResourceWatch {

  private final TimeZone before = TimeZone.getDefault();

  @Override
  public List<String> leftovers() {
    TimeZone after = TimeZone.getDefault();
    if (after.equals(before)) {
      return List.of();
    }
    TimeZone.setDefault(before);
    return List.of("the default time zone " + after.getID() + " in place of " + before.getID());
  }
}
