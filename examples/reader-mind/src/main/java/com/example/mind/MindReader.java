package com.example.mind;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.LogFile;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;

/** Reads {@code behaviors.tsv} and {@code news.tsv}: one row per impression of a piece of news. */
final class MindReader implements DatasetReader {

  private final MindConfig config;
  private final Path behaviors;
  private final Path news;

  MindReader(MindConfig config, Path folder) {
    this.config = config;
    behaviors = folder.resolve("behaviors.tsv");
    news = folder.resolve("news.tsv");
    for (Path file : sources()) {
      if (!Files.isRegularFile(file)) {
        throw new MsrException(
            ErrorType.DATA,
            "mind/NO_FILES",
            "There is no "
                + file
                + ". Set dataset.path to a folder with behaviors.tsv and news.tsv, as unpacked from"
                + " MINDsmall_train.zip.");
      }
    }
  }

  @Override
  public RawSchema schema() {
    List<RawField> fields = new ArrayList<>();
    fields.add(categorical(RawTable.INTERACTIONS, RawSchema.USER, FieldRole.USER));
    fields.add(categorical(RawTable.INTERACTIONS, RawSchema.ITEM, FieldRole.ITEM));
    fields.add(categorical(RawTable.INTERACTIONS, Behaviors.HOUR, FieldRole.CONTEXT));
    fields.add(categorical(RawTable.ITEMS, News.CATEGORY, FieldRole.ITEM));
    fields.add(categorical(RawTable.ITEMS, News.SUBCATEGORY, FieldRole.ITEM));
    if (config.history()) {
      fields.add(
          new RawField(
              Behaviors.HISTORY,
              RawTable.INTERACTIONS,
              Behaviors.HISTORY,
              FieldRole.USER,
              new FieldKind.MultiCategorical()));
    }
    return new RawSchema(
        List.of(RawTable.INTERACTIONS, RawTable.ITEMS),
        fields,
        true,
        false,
        true,
        List.of(),
        List.of(News.TITLE, News.CATEGORY),
        "clicked");
  }

  private static RawField categorical(RawTable table, String column, FieldRole role) {
    return new RawField(column, table, column, role, new FieldKind.Categorical());
  }

  /** Every category in the data is a scenario. */
  @Override
  public List<RawScenario> scenarios() {
    return List.of();
  }

  @Override
  public List<Path> sources() {
    return List.of(behaviors, news);
  }

  /** Each line has all that its rows need, but for the categories. */
  @Override
  public List<LogFile> logFiles() {
    return List.of(new LogFile(behaviors, false, true));
  }

  @Override
  public ArrowReader open(RawTable table, BufferAllocator allocator) throws IOException {
    if (table == RawTable.ITEMS) {
      return new RowsReader(allocator, News.SCHEMA, new News(news));
    }
    return new RowsReader(allocator, Behaviors.SCHEMA, new Behaviors(behaviors, News.read(news)));
  }

  @Override
  public void close() {}
}
