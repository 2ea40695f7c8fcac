package org.llm4msr.tck;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.tck.harness.Finding;
import org.llm4msr.tck.harness.FolderContent;
import org.llm4msr.tck.harness.TableContents;
import org.llm4msr.tck.rule.RequirementLevel;
import org.llm4msr.tck.rule.Rule;

/**
 * The rules of dataset readers. Extend it, name the factory, and write sources of the format: a
 * sound one of any size, and one with a malformed row.
 *
 * <pre>{@code
 * class MyReaderTest extends DatasetReaderConformance {
 *   @Override
 *   protected DatasetReaderFactory<?> factory() {
 *     return new MyReaderFactory();
 *   }
 *
 *   @Override
 *   protected void write(Path folder, long interactions) throws IOException {
 *     try (Writer log = Files.newBufferedWriter(folder.resolve("log.csv"))) { ... }
 *   }
 *
 *   @Override
 *   protected MalformedRow spoil(Path folder) throws IOException {
 *     Files.writeString(folder.resolve("log.csv"), "1,2,never\n", StandardOpenOption.APPEND);
 *     return new MalformedRow("log.csv", 26, "time", "never");
 *   }
 * }
 * }</pre>
 */
public abstract class DatasetReaderConformance extends ReadingConformance {

  /** Makes the kit. */
  protected DatasetReaderConformance() {}

  /** What the reader declares. */
  @Nested
  class Declaration {

    @Rule(
        id = "READER-01",
        says = "emits every column that its schema names",
        checkFirst = {
          "interactions have user, item, scenario and label; time, split, group, weight and further"
              + " labels (label_NAME) where the schema says so",
          "users have user, items have item",
          "each field, userText and itemText name a column of their table"
        })
    final void emitsWhatItDeclares() throws IOException {
      try (DatasetReader reader = reader()) {
        RawSchema schema = reader.schema();
        for (RawTable table : schema.tables()) {
          List<String> missing = new ArrayList<>(expected(schema, table));
          missing.removeAll(TableContents.of(reader, table).names());
          Finding.unless(
              missing.isEmpty(), "the columns of its schema in " + table, "no " + missing);
        }
      }
    }

    private List<String> expected(RawSchema schema, RawTable table) {
      List<String> columns = new ArrayList<>();
      switch (table) {
        case INTERACTIONS -> {
          columns.addAll(
              List.of(RawSchema.USER, RawSchema.ITEM, RawSchema.SCENARIO, RawSchema.LABEL));
          columns.addAll(schema.time() ? List.of(RawSchema.TIME) : List.of());
          columns.addAll(schema.split() ? List.of(RawSchema.SPLIT) : List.of());
          columns.addAll(schema.group() ? List.of(RawSchema.GROUP) : List.of());
          columns.addAll(schema.weight() ? List.of(RawSchema.WEIGHT) : List.of());
          columns.addAll(schema.labels().stream().map(RawSchema::labelColumn).toList());
        }
        case USERS -> {
          columns.add(RawSchema.USER);
          columns.addAll(schema.userText());
        }
        case ITEMS -> {
          columns.add(RawSchema.ITEM);
          columns.addAll(schema.itemText());
        }
      }
      schema.fields().stream()
          .filter(field -> field.table() == table)
          .filter(field -> !(field.kind() instanceof FieldKind.Crossed)) // They have no column.
          .flatMap(field -> Stream.of(field.column(), field.weights()))
          .filter(Objects::nonNull)
          .forEach(columns::add);
      return columns;
    }

    @Rule(
        id = "READER-02",
        says =
            "declares interactions, and fields of different names in tables that there are; only"
                + " fields of values share a vocabulary",
        checkFirst = {
          "tables() always has INTERACTIONS",
          "field names are unique in the schema",
          "RawField.vocabulary is null but for categorical and multi-categorical fields"
        })
    final void declaresASchema() throws IOException {
      try (DatasetReader reader = reader()) {
        RawSchema schema = reader.schema();
        Finding.unless(
            schema.tables().contains(RawTable.INTERACTIONS),
            "the table INTERACTIONS",
            schema.tables());
        Set<String> names = new HashSet<>();
        for (RawField field : schema.fields()) {
          Finding.unless(names.add(field.name()), "one field " + field.name(), "two");
          Finding.unless(
              schema.tables().contains(field.table()),
              "the table " + field.table() + " of the field " + field.name(),
              schema.tables());
          Finding.unless(
              field.vocabulary() == null
                  || field.kind() instanceof FieldKind.Categorical
                  || field.kind() instanceof FieldKind.MultiCategorical,
              "no vocabulary of the field " + field.name(),
              field.vocabulary());
          Finding.unless(
              field.weights() == null || isOfLists(field.kind()),
              "no weights of the field " + field.name(),
              field.weights());
        }
        Finding.unless(!schema.labelRule().isBlank(), "a rule of the label", "none");
      }
    }

    @Rule(
        id = "READER-03",
        says =
            "emits lists for multi-categorical fields, numbers for numeric ones, lists of numbers of"
                + " the stated size for vectors, single values for categorical ones",
        checkFirst = {
          "Arrow list columns for FieldKind.MultiCategorical, and for FieldKind.Hashed with list",
          "an integer, floating point or decimal column for FieldKind.Numeric and Bucketed",
          "a list of floating point numbers for FieldKind.Vector, a fixed-size one of its size"
        })
    final void emitsTheDeclaredTypes() throws IOException {
      try (DatasetReader reader = reader()) {
        RawSchema schema = reader.schema();
        for (RawTable table : schema.tables()) {
          for (Field column : TableContents.of(reader, table).columns()) {
            for (RawField field : schema.fields()) {
              if (field.table() == table && field.column().equals(column.getName())) {
                Finding.unless(
                    fits(field.kind(), column),
                    "a column for " + field.kind() + " in " + field.name(),
                    column.getType());
              }
              if (field.table() == table && column.getName().equals(field.weights())) {
                Finding.unless(
                    isList(column.getType()) && isNumber(column.getChildren().get(0).getType()),
                    "a list of numbers for the weights of " + field.name(),
                    column.getType());
              }
            }
          }
        }
      }
    }

    private boolean fits(FieldKind kind, Field column) {
      ArrowType type = column.getType();
      boolean list = isList(type);
      if (kind instanceof FieldKind.Vector vector) {
        boolean size =
            !(type instanceof ArrowType.FixedSizeList fixed)
                || fixed.getListSize() == vector.size();
        return list
            && size
            && column.getChildren().get(0).getType() instanceof ArrowType.FloatingPoint;
      }
      if (kind instanceof FieldKind.Numeric || kind instanceof FieldKind.Bucketed) {
        return isNumber(type);
      }
      return list == isOfLists(kind);
    }

    private static boolean isList(ArrowType type) {
      return type instanceof ArrowType.List
          || type instanceof ArrowType.LargeList
          || type instanceof ArrowType.FixedSizeList;
    }

    private static boolean isNumber(ArrowType type) {
      return type instanceof ArrowType.Int
          || type instanceof ArrowType.FloatingPoint
          || type instanceof ArrowType.Decimal;
    }

    private static boolean isOfLists(FieldKind kind) {
      return kind instanceof FieldKind.MultiCategorical
          || (kind instanceof FieldKind.Hashed hashed && hashed.list());
    }

    @Rule(
        id = "READER-04",
        says = "names scenarios by keys that its rows have, each once, or leaves them to the data",
        checkFirst = {
          "RawScenario.key is the value in the column scenario, as text",
          "an empty list if any value is a scenario",
          "upper and lower case, blanks, numbers with a decimal point"
        })
    final void namesItsScenarios() throws IOException {
      try (DatasetReader reader = reader()) {
        List<String> keys = reader.scenarios().stream().map(RawScenario::key).toList();
        Finding.unlessEqual("different scenarios", keys.size(), new HashSet<>(keys).size());
        Finding.unless(
            reader.scenarios().stream().noneMatch(scenario -> scenario.name().isBlank()),
            "a name for each",
            reader.scenarios());
        Set<String> present =
            new TreeSet<>(
                TableContents.of(reader, RawTable.INTERACTIONS).values(RawSchema.SCENARIO));
        Finding.unless(
            keys.isEmpty() || keys.containsAll(present),
            "rows of the scenarios " + keys + " alone: rows of others are left out",
            "rows of " + present);
      }
    }

    @Rule(
        id = "READER-05",
        says = "names the files that it reads",
        checkFirst = {
          "sources() lists every raw file: the runtime knows by their checksums whether to"
              + " prepare again"
        })
    final void namesItsSources() throws IOException {
      try (DatasetReader reader = reader()) {
        List<Path> sources = reader.sources();
        Finding.unless(!sources.isEmpty(), "the files of " + folder(), "none");
        for (Path source : sources) {
          Finding.unless(
              Files.isRegularFile(source) && source.toAbsolutePath().startsWith(folder()),
              "files in " + folder(),
              source);
        }
        try (DatasetReader other = openCopy(sources)) {
          for (RawTable table : reader.schema().tables()) {
            TableContents.of(reader, table)
                .unlessSame(table + " of these files alone", TableContents.of(other, table));
          }
        }
      }
    }

    @Rule(
        id = "READER-06",
        says = "declares the same whenever it is asked or created",
        checkFirst = {"no hash order, clock or type guessing in the schema"})
    final void declaresTheSame() throws IOException {
      try (DatasetReader first = reader();
          DatasetReader second = reader()) {
        RawSchema schema = first.schema();
        TableContents.of(first, RawTable.INTERACTIONS);
        Finding.unlessEqual("after reading,", schema, first.schema());
        Finding.unlessEqual("by another reader,", schema, second.schema());
        Finding.unlessEqual("scenarios by another reader,", first.scenarios(), second.scenarios());
        Finding.unlessEqual("sources by another reader,", first.sources(), second.sources());
      }
    }

    @Rule(
        id = "READER-07",
        says = "says in which row of its files a user or an item is described, or nothing",
        checkFirst = {
          "rowsOf(table, keys): keys as the table emits them, files as in sources(), lines from 1"
        })
    final void saysWhereUsersAndItemsStand() throws IOException {
      try (DatasetReader reader = reader()) {
        for (RawTable table : List.of(RawTable.USERS, RawTable.ITEMS)) {
          if (reader.schema().tables().contains(table)) {
            List<String> keys =
                TableContents.of(reader, table)
                    .values(table == RawTable.USERS ? RawSchema.USER : RawSchema.ITEM);
            String last = keys.get(keys.size() - 1);
            Map<String, List<LeftOutRows.Example>> rows =
                reader.rowsOf(table, List.of(last, "no key of theirs"));
            Finding.unless(
                rows.isEmpty() || rows.keySet().equals(Set.of(last)), "the rows of " + last, rows);
            for (LeftOutRows.Example row : rows.getOrDefault(last, List.of())) {
              Finding.unless(
                  reader.sources().contains(Path.of(row.file())) && row.line() > 0,
                  "a file of sources() and a line",
                  row);
            }
          }
        }
      }
    }
  }

  /** Errors, and what is left behind. */
  @Nested
  class Failures {

    @Rule(
        id = "READER-20",
        says = "refuses a malformed row with an error of type DATA",
        checkFirst = {
          "no row is skipped or emptied in silence",
          "MsrException, also from loadNextBatch, not the exception of a library"
        })
    final void refusesAMalformedRow() throws IOException {
      write(folder(), SMALL);
      MalformedRow row = spoil(folder());
      MsrException failure = failure();
      Finding.about(
          failure,
          () ->
              Finding.unlessEqual(
                  "for the value '" + row.value() + "', an error of type",
                  ErrorType.DATA,
                  failure.type()));
    }

    @Rule(
        id = "READER-21",
        says = "names file, line, column and value of a malformed row",
        checkFirst = {"lines count from 1, the header included", "the column as the file names it"})
    final void namesAMalformedRow() throws IOException {
      write(folder(), SMALL);
      MalformedRow row = spoil(folder());
      MsrException refusal = refusal();
      if (refusal == null) {
        return; // READER-20 finds that.
      }
      Finding.about(refusal, () -> unlessNamed(row, "" + refusal.getMessage()));
    }

    private void unlessNamed(MalformedRow row, String text) {
      for (String part : List.of(row.file(), row.column(), row.value())) {
        Finding.unless(text.contains(part), "an error with '" + part + "'", text);
      }
      String line = "line " + row.line();
      Finding.unless(
          Pattern.compile(line + "\\b").matcher(text).find(), "an error with '" + line + "'", text);
    }

    private @Nullable MsrException refusal() throws IOException {
      try {
        return failure();
      } catch (Finding e) {
        return null;
      }
    }

    private MsrException failure() throws IOException {
      try (DatasetReader reader = open()) {
        TableContents.of(reader, RawTable.INTERACTIONS);
      } catch (MsrException e) {
        return e;
      } catch (RuntimeException | IOException e) {
        throw (Finding) new Finding("an MsrException", e.toString()).initCause(e);
      }
      throw new Finding("a refusal", "rows");
    }

    @Rule(
        id = "READER-22",
        says = "refuses a folder without its files with an error of type DATA that names it",
        checkFirst = {"create() looks for the files and names those that are missing"})
    final void refusesAnEmptyFolder() {
      try (DatasetReader reader = open()) {
        throw new Finding("a refusal of an empty folder", "" + reader.schema());
      } catch (MsrException e) {
        Finding.about(
            e,
            () -> {
              Finding.unlessEqual("an error of type", ErrorType.DATA, e.type());
              Finding.unless(
                  ("" + e.getMessage()).contains(folder().getFileName().toString()),
                  "an error with the folder " + folder(),
                  e.getMessage());
            });
      }
    }

    @Rule(
        id = "READER-23",
        says = "leaves the raw files as they were",
        checkFirst = {"temporaries belong into context.scratch(), which the runtime deletes"})
    final void writesToScratchAlone() throws IOException {
      write(folder(), SMALL);
      FolderContent before = FolderContent.of(folder());
      try (DatasetReader reader = reader()) {
        TableContents.of(reader, RawTable.INTERACTIONS);
      }
      Finding.unlessEqual("after reading,", before, FolderContent.of(folder()));
    }

    @Rule(
        id = "READER-24",
        says = "takes its Arrow memory from the allocator that it is given",
        checkFirst = {
          "open(table, allocator): vectors and child allocators come from that allocator, whose"
              + " limit is the runtime's"
        })
    final void usesTheAllocator() throws IOException {
      try (DatasetReader reader = reader();
          BufferAllocator allocator = new RootAllocator()) {
        TableContents.of(reader, RawTable.INTERACTIONS, allocator);
        Finding.unless(allocator.getPeakMemoryAllocation() > 0, "memory of the allocator", "none");
      }
    }

    @Rule(
        id = "READER-25",
        level = RequirementLevel.SHOULD,
        says = "may be closed twice",
        checkFirst = {"close() frees connections once, and does nothing the second time"})
    final void closesTwice() throws IOException {
      DatasetReader reader = reader();
      TableContents.of(reader, RawTable.INTERACTIONS);
      reader.close();
      reader.close();
    }
  }
}
