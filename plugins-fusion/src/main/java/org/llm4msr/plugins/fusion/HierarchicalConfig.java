package org.llm4msr.plugins.fusion;

import org.llm4msr.api.Setting;
import org.llm4msr.api.model.Level;

/** Settings of {@link HierarchicalHead}. */
public record HierarchicalConfig(
    @Setting(
            value =
                "Where the layers of the user level are placed: below the backbone, beside it, or"
                    + " nowhere",
            defaultValue = "bottom")
        Placement user,
    @Setting(
            value =
                "Where the layers of the scenario level are placed. With both at the bottom the"
                    + " scenario"
                    + " level reads what the user level gives",
            defaultValue = "parallel")
        Placement scenario,
    @Setting(
            value =
                "First value of alpha, the learned weight in the logit of a level in parallel; two"
                    + " of them get half of it each",
            defaultValue = "0.5")
        double initialAlpha,
    @Setting(
            value =
                "Whether the output of a level at the bottom is added to its input instead of"
                    + " replacing it",
            defaultValue = "false")
        boolean residual) {

  /** The position of a level's layers. */
  public enum Placement {
    /** Below the backbone; they compute its input. */
    BOTTOM,
    /** Beside the backbone, with a logit of their own. */
    PARALLEL,
    /** Nowhere: the level is left out. */
    NONE
  }

  Placement placement(Level level) {
    return switch (level) {
      case USER -> user;
      case SCENARIO -> scenario;
      case ITEM -> Placement.NONE;
    };
  }
}
