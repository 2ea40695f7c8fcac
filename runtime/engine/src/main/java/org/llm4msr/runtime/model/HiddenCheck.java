package org.llm4msr.runtime.model;

import java.util.Set;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.ModelInput;

/** The check that a backbone gives what enters its towers if the head reads it. */
public final class HiddenCheck {

  private HiddenCheck() {}

  /**
   * Refuses a pair that cannot work.
   *
   * @param required what the head reads
   * @param hasHidden what the backbone says
   * @throws MsrException of type USER with code {@code model/NO_HIDDEN}
   */
  public static void require(
      Set<ModelInput> required, String head, boolean hasHidden, String backbone) {
    if (required.contains(ModelInput.HIDDEN) && !hasHidden) {
      throw new MsrException(
          ErrorType.USER,
          "model/NO_HIDDEN",
          "The fusion head '%s' reads what enters the towers, which the backbone '%s' does not provide. Choose another head or backbone."
              .formatted(head, backbone));
    }
  }
}
