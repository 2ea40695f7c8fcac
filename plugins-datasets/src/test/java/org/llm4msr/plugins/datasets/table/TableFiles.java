package org.llm4msr.plugins.datasets.table;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.impl.UnionListWriter;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.ipc.ArrowWriter;
import org.apache.arrow.vector.util.Text;
import org.duckdb.DuckDBResultSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Contexts;
import org.llm4msr.plugins.datasets.Rows;
import org.llm4msr.plugins.datasets.table.TableConfig.Entities;
import org.llm4msr.plugins.datasets.table.TableConfig.Kind;
import org.llm4msr.plugins.datasets.table.TableConfig.TableField;
import org.llm4msr.plugins.datasets.table.TableConfig.TimeUnit;

/** Files that the reader {@code table} is tested with, and how it reads them. */
abstract class TableFiles {

  static final TableField TAGS =
      new TableField(
          "tags", null, RawTable.INTERACTIONS, null, Kind.MULTI_CATEGORICAL, null, null, List.of());
  static final TableField PRICE =
      new TableField(
          "price",
          "cost",
          RawTable.INTERACTIONS,
          FieldRole.ITEM,
          Kind.NUMERIC,
          null,
          null,
          List.of());

  @TempDir Path folder;
  @TempDir Path scratch;

  static TableField field(String column, Kind kind) {
    return new TableField(column, null, RawTable.INTERACTIONS, null, kind, null, null, List.of());
  }

  void readAll(TableConfig config) throws IOException {
    try (DatasetReader reader = reader(config)) {
      Rows.of(reader, RawTable.INTERACTIONS);
    }
  }

  static TableConfig threeColumns(
      List<String> files, @Nullable TimeUnit unit, TableField... fields) {
    return config(files, unit == null ? null : "at", unit, null, null, fields);
  }

  static TableConfig parted(String file) {
    return config(List.of(file), null, null, "part", null);
  }

  static TableConfig config(
      List<String> files,
      @Nullable String time,
      @Nullable TimeUnit unit,
      @Nullable String part,
      @Nullable Entities users,
      TableField... fields) {
    return TableSettings.whoWhat(
        "",
        "files",
        files,
        "time",
        time,
        "timeUnit",
        unit == null ? TimeUnit.SECONDS : unit,
        "partColumn",
        part,
        "fields",
        List.of(fields),
        "users",
        users);
  }

  /** Writes rows of user, item, domain, label, at and price. */
  static void write(Path file, List<String> rows) throws IOException, SQLException {
    String query =
        "SELECT u::VARCHAR AS user, i::BIGINT AS item, d::VARCHAR AS domain, l::VARCHAR AS label, t::BIGINT AS at, ['a'] AS tags, p::DOUBLE AS price FROM (VALUES ("
            + String.join("), (", rows)
            + ")) v(u, i, d, l, t, p)";
    write(file, query);
  }

  static void write(Path file, String query) throws IOException, SQLException {
    try (var connection = DriverManager.getConnection("jdbc:duckdb:");
        var statement = connection.createStatement()) {
      if (!file.toString().endsWith(".arrow")) {
        statement.execute("COPY (" + query + ") TO '" + file + "'");
        return;
      }
      try (BufferAllocator allocator = new RootAllocator();
          ArrowReader batches =
              (ArrowReader)
                  statement
                      .executeQuery(query)
                      .unwrap(DuckDBResultSet.class)
                      .arrowExportStream(allocator, 100);
          OutputStream out = Files.newOutputStream(file);
          ArrowWriter writer = new ArrowStreamWriter(batches.getVectorSchemaRoot(), batches, out)) {
        while (batches.loadNextBatch()) {
          writer.writeBatch();
        }
      }
    }
  }

  void read(String name) throws IOException {
    try (DatasetReader reader = reader(simple(name))) {
      Rows.of(reader, RawTable.INTERACTIONS);
    }
  }

  static TableConfig simple(String file) {
    return TableSettings.of(
        file, "scenario", "domain", "time", "at", "fields", List.of(TAGS, PRICE));
  }

  DatasetReader reader(TableConfig config) {
    return new TableFactory().create(config, Contexts.of(folder, scratch));
  }

  /** Three record batches of a thousand rows. */
  static void writeArrow(Path file, boolean fileFormat) throws IOException {
    try (BufferAllocator allocator = new RootAllocator();
        VarCharVector user = new VarCharVector("user", allocator);
        BigIntVector item = new BigIntVector("item", allocator);
        BigIntVector domain = new BigIntVector("domain", allocator);
        BigIntVector label = new BigIntVector("label", allocator);
        BigIntVector at = new BigIntVector("at", allocator);
        ListVector tags = ListVector.empty("tags", allocator);
        Float8Vector price = new Float8Vector("price", allocator)) {
      for (int i = 0; i < 1_000; i++) {
        user.setSafe(i, new Text("u" + i));
        item.setSafe(i, i);
        domain.setSafe(i, i % 3);
        label.setSafe(i, i % 2);
        at.setSafe(i, i);
        price.setSafe(i, i * 0.5);
      }
      UnionListWriter writer = tags.getWriter();
      for (int i = 0; i < 1_000; i++) {
        writer.setPosition(i);
        writer.startList();
        for (int t = 0; t < i % 4; t++) {
          writer.writeVarChar(new Text("t" + t));
        }
        writer.endList();
      }
      writer.setValueCount(1_000);
      VectorSchemaRoot root = VectorSchemaRoot.of(user, item, domain, label, at, tags, price);
      root.setRowCount(1_000);
      try (FileChannel channel =
              FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          OutputStream stream = Channels.newOutputStream(channel);
          ArrowWriter out =
              fileFormat
                  ? new ArrowFileWriter(root, null, channel)
                  : new ArrowStreamWriter(root, null, stream)) {
        for (int batch = 0; batch < 3; batch++) {
          out.writeBatch();
        }
        out.end();
      }
    }
  }
}
