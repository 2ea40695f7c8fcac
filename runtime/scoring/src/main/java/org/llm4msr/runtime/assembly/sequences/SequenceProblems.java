package org.llm4msr.runtime.assembly.sequences;

import java.util.List;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.past.SequenceConfig;
import org.llm4msr.runtime.data.prepared.PreparedField;

/** Finds what the sequences of a model need that the data does not have. */
public final class SequenceProblems {

  private static final String CODE = "model/SEQUENCE_";

  private SequenceProblems() {}

  /**
   * Tells each problem.
   *
   * @param fields as far as they are known: with raw data alone, without sizes
   * @param inputs of prepared data, or of the schema of raw data
   * @param found gets the name of the sequence and what is wrong
   */
  public static void find(
      ModelConfig model,
      List<PreparedField> fields,
      SequenceInputs inputs,
      BiConsumer<String, String> found) {
    new TreeMap<>(model.sequences())
        .forEach(
            (name, config) -> {
              try {
                require(name, config, model, fields, inputs);
              } catch (MsrException e) {
                if (e.code().startsWith(CODE)) {
                  String start = SequencePlan.key(name) + " ";
                  String text = e.text();
                  found.accept(
                      name, text.startsWith(start) ? text.substring(start.length()) : text);
                }
              }
            });
  }

  private static void require(
      String name,
      SequenceConfig config,
      ModelConfig model,
      List<PreparedField> fields,
      SequenceInputs inputs) {
    SequenceField field = SequencePlan.field(name, config, model, fields, inputs);
    SequencePlan known = new SequencePlan(List.of(field)).requireTables();
    PreparedField table = fields.get(known.all().get(0).table());
    if (config.isOfLog() && !inputs.isOfScenarios().test(table)) {
      int[] unused = inputs.idsOfItems().apply(table);
    }
  }
}
