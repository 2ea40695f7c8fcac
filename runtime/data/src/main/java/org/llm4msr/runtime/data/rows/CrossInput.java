package org.llm4msr.runtime.data.rows;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.data.buckets.CrossText;

/**
 * The parts of a crossed field.
 *
 * @param fields their numbers
 * @param inputs what writes them
 */
record CrossInput(List<Integer> fields, List<FieldInput> inputs) {

  /**
   * Returns the id of a row whose parts are encoded.
   *
   * @param ids of the crossed field
   */
  int id(Batch batch, int row, FieldIds ids) {
    List<@Nullable String> names = new ArrayList<>(inputs.size());
    boolean any = false;
    for (int part = 0; part < inputs.size(); part++) {
      FieldValues.Ids values = (FieldValues.Ids) batch.fields.get(fields.get(part));
      int id = values.ids()[row];
      any |= id > 0;
      names.add(id > 0 ? inputs.get(part).idsOfField().name(id) : null);
    }
    if (!any) {
      return 0;
    }
    String text = CrossText.of(names);
    return ids instanceof FieldIds.Known known
        ? known.vocabulary().id(text)
        : ((FieldIds.Hashes) ids).buckets().id(text);
  }
}
