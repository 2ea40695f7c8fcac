package org.llm4msr.runtime.assembly;

import org.llm4msr.runtime.knowledge.history.ModelHistory;
import org.llm4msr.runtime.knowledge.vectors.ModelKnowledge;

/**
 * How many numbers a pass reads of each kind. What a model does not read is 0.
 *
 * @param flat W, of the embedded fields of a row
 * @param users K, of a user
 * @param items K, of an item
 * @param history n, of a row
 */
public record InputWidths(int flat, int users, int items, int history) {

  static InputWidths of(AssembledModel model) {
    ModelKnowledge knowledge = model.knowledge();
    ModelHistory history = knowledge == null ? null : knowledge.history();
    int k = knowledge == null ? 0 : knowledge.scaling().dimension();
    return new InputWidths(
        model.tables().width(),
        knowledge == null || knowledge.users() == null ? 0 : k,
        knowledge == null || !model.readsItems() ? 0 : k,
        history == null ? 0 : history.layout().width());
  }
}
