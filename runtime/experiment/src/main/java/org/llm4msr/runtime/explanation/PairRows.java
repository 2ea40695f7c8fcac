package org.llm4msr.runtime.explanation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.data.rows.RowBinding;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.data.rows.ScoringColumn;

/**
 * One user with one item, in one scenario or in each.
 *
 * @param values what the row has in other columns
 */
record PairRows(
    RowEncoder encoder,
    String user,
    String item,
    List<String> scenarios,
    Map<String, String> values) {

  private static final Pattern BETWEEN = Pattern.compile(Pattern.quote("|"));

  void explain(ScoreExplainer explainer) {
    requireColumns();
    List<Map<String, Object>> rows = new ArrayList<>();
    for (String scenario : scenarios) {
      Map<String, Object> row = new LinkedHashMap<>(valuesByKind());
      row.put(RawSchema.USER, user);
      row.put(RawSchema.ITEM, item);
      row.put(RawSchema.SCENARIO, scenario);
      rows.add(row);
    }
    RawRows raw = RawRows.of(rows);
    RowBinding binding = encoder.bind(raw.columns());
    Batch batch = binding.newBatch(rows.size());
    binding.encode(raw, 0, rows.size(), 0, batch);
    explainer.add(batch, IntStream.range(0, rows.size()).toArray(), names());
  }

  private void requireColumns() {
    List<ScoringColumn> others =
        encoder.columns().stream().filter(column -> !column.isId()).toList();
    List<String> names = others.stream().map(ScoringColumn::name).toList();
    for (String given : values.keySet()) {
      if (!names.contains(given)) {
        throw new MsrException(
            ErrorType.USER,
            "explain/UNKNOWN_COLUMN",
            "The model reads no column '%s'; it reads %s. Leave it out of --with."
                .formatted(given, String.join(", ", names)));
      }
    }
    List<String> missing =
        others.stream()
            .filter(column -> column.required() && !values.containsKey(column.name()))
            .map(ScoringColumn::name)
            .toList();
    if (!missing.isEmpty()) {
      throw new MsrException(
          ErrorType.USER,
          "explain/MISSING_VALUE",
          "The score of user '%s' and item '%s' depends on %s, which rows of the data have, and users and items do not. Add --with %s=VALUE, or leave out --item to explain the user's rows."
              .formatted(
                  user, item, String.join(", ", missing), String.join("=VALUE --with ", missing)));
    }
  }

  private Map<String, Object> valuesByKind() {
    Map<String, Object> typed = new LinkedHashMap<>();
    for (ScoringColumn column : encoder.columns()) {
      String text = values.get(column.name());
      if (text != null) {
        boolean isList = column.isList() || column.isWeights() || column.isHistory();
        typed.put(column.name(), isList ? List.of(BETWEEN.split(text)) : text);
      }
    }
    return typed;
  }

  private ScoreExplainer.Names names() {
    return new ScoreExplainer.Names() {
      @Override
      public String user(int i) {
        return user;
      }

      @Override
      public String item(int i) {
        return item;
      }

      @Override
      public @Nullable Integer label(int i) {
        return null;
      }
    };
  }
}
