package org.llm4msr.runtime.compare;

import java.util.Set;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Stages;
import org.llm4msr.runtime.text.NearestName;

/**
 * The label by which models are measured. Training is the same for each: runs that were measured by
 * one have the figures of all.
 *
 * @param name of a further label of the models; {@code label} for the main one
 */
record MeasuredLabel(String name) {

  /** What the settings call the main label. */
  static final String MAIN = RawSchema.LABEL;

  boolean isMain() {
    return name.equals(MAIN);
  }

  /** Returns what tells the label in a text, with a space before it; nothing of the main one. */
  String phrase() {
    return isMain() ? "" : " of the label " + name;
  }

  /** Returns the name of its column in files of predictions. */
  String column(String ofMain) {
    return isMain() ? ofMain : ofMain + "_" + name;
  }

  /**
   * Refuses a model that does not learn it.
   *
   * @throws MsrException {@code compare/LABEL}
   */
  void check(Stages experiment) {
    Set<String> learned = experiment.config().model().labels().keySet();
    if (!isMain() && !learned.contains(name)) {
      throw new MsrException(
          ErrorType.USER,
          "compare/LABEL",
          "The key 'label' asks for '%s', which the model does not learn: it learns label, the main one, and %s.%s Add it to model.labels, or choose another label."
              .formatted(
                  name, learned.stream().sorted().toList(), NearestName.hint(name, learned)));
    }
  }

  /** Returns the metrics of this label in those of a run. */
  EvaluationReport of(EvaluationReport report) {
    return report.ofLabel(name);
  }
}
