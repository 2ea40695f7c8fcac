package org.llm4msr.runtime.data.preparation;

import static org.llm4msr.toolkit.database.SqlText.literal;

import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.MalformedConfig;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.nodes.RowNodes;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.DatasetSettings;
import org.llm4msr.runtime.data.prepared.ManifestFile;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.data.prepared.SplitCounts;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns what a reader emits into prepared data, in a database on disk: memory use does not depend
 * on the size of the data. The same input gives the same bytes, whatever the threads; vocabularies,
 * statistics, histories and the training file do not depend on the rows of the other parts.
 */
public final class DatasetPreparation {

  private static final Logger LOG = LoggerFactory.getLogger(DatasetPreparation.class);

  private final DatasetReader reader;
  private final DatasetConfig config;
  private final PreparationDatabase database;
  private final PreparationFolder folder;
  private final Progress progress;
  private final @Nullable RowNodes nodes;
  private final @Nullable BaseData base;
  private LeftOutReport leftOut = new LeftOutReport(List.of());

  private DatasetPreparation(
      DatasetReader reader,
      DatasetConfig config,
      PreparationDatabase database,
      PreparationFolder folder,
      @Nullable RowNodes nodes,
      @Nullable BaseData base,
      Progress progress) {
    this.nodes = nodes;
    this.base = base;
    this.reader = reader;
    this.config = config;
    this.database = database;
    this.folder = folder;
    this.progress = progress;
  }

  /**
   * Prepares the data, or finds that the target holds it already. The reader stays open.
   *
   * @param progress told of raw rows while they are read (total -1), then of prepared rows; the
   *     steps between have no units
   * @throws MsrException of type DATA for bad rows, with their number and an example; of type USER
   *     where the target holds something else; of type RESOURCES for a full disk or memory. The
   *     target is then as it was.
   */
  public static PreparationResult prepare(
      DatasetReader reader, PreparationRequest request, Progress progress) {
    return prepare(reader, request, null, progress);
  }

  /**
   * Does the same with nodes of a cluster, which read the log in place of the reader, and write its
   * rows. Rows, ids and all that is learned are those of one machine.
   *
   * @param nodes null for this machine
   */
  public static PreparationResult prepare(
      DatasetReader reader,
      PreparationRequest request,
      @Nullable RowNodes nodes,
      Progress progress) {
    try {
      RawSchema schema = reader.schema();
      List<DatasetManifest.Source> sources = PreparationKey.sources(reader.sources(), nodes);
      @Nullable BaseData base = BaseData.open(request.extend());
      if (base != null) {
        base.requireSame(schema);
      }
      String key = PreparationKey.of(request.config(), schema, reader.scenarios(), sources, base);
      @Nullable DatasetManifest existing = ExistingData.find(request, schema, key);
      if (existing != null) {
        LOG.info("{} holds this data already", request.target());
        PreparationFolder.deleteStale(request.target());
        return new PreparationResult(request.target(), existing, true);
      }
      try (PreparationFolder folder = PreparationFolder.create(request.target())) {
        DatasetManifest manifest;
        try (PreparationDatabase database =
            new PreparationDatabase(folder.scratch(), request.memoryBytes(), request.threads())) {
          manifest =
              new DatasetPreparation(
                      reader, request.config(), database, folder, nodes, base, progress)
                  .run(schema, key, sources);
        }
        PreparationFolder.write(
            folder.data().resolve(ManifestFile.NAME), ManifestFile.write(manifest));
        folder.publish();
        return new PreparationResult(request.target(), manifest, false);
      }
    } catch (IOException e) {
      throw DataErrors.io(request.target(), e);
    }
  }

  /**
   * Refuses fields that cannot be prepared.
   *
   * @throws MsrException with the name of the first
   */
  public static void requireFields(RawSchema schema) {
    FieldPlan.of(schema);
  }

  private DatasetManifest run(RawSchema schema, String key, List<DatasetManifest.Source> sources)
      throws IOException {
    List<FieldPlan> fields = FieldPlan.of(schema);
    SplitPlan split = new SplitPlan(config.split(), schema, database);
    LabelColumns labels = new LabelColumns(schema);
    NegativeSampling negatives =
        new NegativeSampling(config.negatives(), schema.time(), labels, database);
    progress.step("read");
    boolean skip = config.malformed().policy() == MalformedConfig.Policy.SKIP;
    RawTables tables = new RawTables(reader, schema, fields, database, skip, progress);
    @Nullable DistantRows distant =
        nodes == null ? null : new DistantRows(nodes, fields, labels, database, folder.scratch());
    long emitted = distant == null ? tables.ingest() : tables.ingestDescribed() + distant.read();
    leftOut =
        new LeftOutReport(
            Stream.concat(reader.leftOut().stream(), tables.leftOut().stream()).toList());
    long twice = tables.leftOut().stream().mapToLong(LeftOutRows::rows).sum();
    leftOut.check(config.malformed(), emitted - twice);
    requireRows();
    if (base != null) {
      base.load(database, fields);
    }
    List<String> keys =
        ScenarioChoice.choose(database, config.scenarios(), reader.scenarios(), rankedBefore());
    progress.step("sort");
    SplitCounts own = split.order(distant != null);
    database.execute("DROP VIEW kept");
    database.execute("DROP TABLE interactions");
    requireWeight(own);
    SplitCounts counts = negatives.draw(own);
    warnOfCopies(fields, counts.total() - own.total());
    List<PreparedScenario> scenarios = scenarios(keys, counts);
    warnOfUnvalidated(scenarios, counts);
    progress.step("index");
    index(fields, scenarios, counts.train());
    if (distant != null) {
      distant.arrange(counts);
    }
    List<FieldEncoder> encoders =
        learn(new Training(fields, counts.train(), config.minFrequency(), base, distant));
    PreparedFiles files = new PreparedFiles(database, folder.data());
    boolean weights = schema.weight() || NegativeSampling.weighs(config.negatives());
    PreparedFiles.Rows rows =
        new PreparedFiles.Rows(encoders, count("groups") > 0, weights, labels);
    write(files, rows, scenarios, counts, distant);
    return manifest(schema, key, sources, scenarios, encoders, counts, files.stamps());
  }

  private void requireRows() {
    if (count("interactions") == 0) {
      throw DataErrors.data(
          "NO_ROWS",
          "There are no interactions to prepare: the files have none, or all of them were left out. Check what the files have behind their headers.");
    }
  }

  private void requireWeight(SplitCounts counts) {
    String weighing = "SELECT count(*) FROM ordered WHERE w > 0 AND rowid < " + counts.train();
    if (database.queryLong(weighing) == 0) {
      throw DataErrors.data(
          "NO_WEIGHT",
          "All %d rows of the training part have the weight 0, so that there is nothing to learn from. Fix the column of weights, or the section dataset."
              .formatted(counts.train()));
    }
  }

  /** What the log says of an item is not known of another one. */
  private static void warnOfCopies(List<FieldPlan> fields, long negatives) {
    List<String> copied =
        fields.stream()
            .filter(plan -> plan.home() == RawTable.INTERACTIONS)
            .filter(plan -> plan.field().role() == FieldRole.ITEM)
            .map(plan -> plan.field().name())
            .toList();
    if (negatives > 0 && !copied.isEmpty()) {
      LOG.warn(
          "Drawn negatives have the values of their positives in {}, which tell of the item. Take them from the table of items, or log what was not chosen.",
          copied);
    }
  }

  /** Calibration fits each scenario on its validation rows. */
  private static void warnOfUnvalidated(List<PreparedScenario> scenarios, SplitCounts counts) {
    List<String> without =
        scenarios.stream()
            .filter(scenario -> scenario.rows().train() > 0 && scenario.rows().validation() == 0)
            .map(PreparedScenario::key)
            .toList();
    if (counts.validation() > 0 && !without.isEmpty()) {
      LOG.warn(
          "The scenarios {} have no validation rows: they are calibrated as all others together.",
          without);
    }
  }

  /** Returns the scenarios that keep their ranks. */
  private List<String> rankedBefore() {
    return base == null ? List.of() : base.scenarios();
  }

  private List<PreparedScenario> scenarios(List<String> keys, SplitCounts counts) {
    Map<String, RawScenario> described =
        reader.scenarios().stream()
            .collect(Collectors.toMap(RawScenario::key, Function.identity()));
    Map<String, SplitCounts> rows = ScenarioChoice.rows(database, counts);
    return Stream.concat(rankedBefore().stream(), ScenarioChoice.ranked(keys, rows).stream())
        .distinct()
        .map(
            key -> {
              RawScenario raw = described.getOrDefault(key, new RawScenario(key, key, ""));
              SplitCounts own = rows.getOrDefault(key, new SplitCounts(0, 0, 0));
              return new PreparedScenario(key, raw.name(), raw.description(), own);
            })
        .toList();
  }

  /** Replaces keys by indices and ranks. */
  private void index(List<FieldPlan> fields, List<PreparedScenario> scenarios, long trainingRows) {
    database.execute("CREATE TABLE ranks(s VARCHAR, scenario_rank INTEGER)");
    for (int rank = 0; rank < scenarios.size(); rank++) {
      database.execute(
          "INSERT INTO ranks VALUES (" + literal(scenarios.get(rank).key()) + ", " + rank + ")");
    }
    EntityTables.keepPast(database, base != null);
    EntityTables.index(database, RawTable.USERS, fields, trainingRows, base != null);
    EntityTables.index(database, RawTable.ITEMS, fields, trainingRows, base != null);
    database.execute(
        "CREATE TABLE keyed AS SELECT o.rowid AS n, ui.idx AS user_index, ii.idx AS item_index,"
            + " ranks.scenario_rank, o.* EXCLUDE (u, i, s, part) FROM ordered o JOIN "
            + EntityTables.raw(RawTable.USERS)
            + " ui ON o.u = ui.k JOIN "
            + EntityTables.raw(RawTable.ITEMS)
            + " ii ON o.i = ii.k JOIN ranks ON o.s = ranks.s");
    database.execute("DROP TABLE ordered");
    // By first row, so that the other parts do not change the groups of the training part.
    database.execute(
        "CREATE TABLE groups AS SELECT user_index, g FROM (SELECT user_index, g, min(n) AS first"
            + " FROM keyed WHERE g IS NOT NULL GROUP BY user_index, g) ORDER BY first");
  }

  /** Learns all fields, and encodes users and items. Crossed fields are made of the others' ids. */
  private List<FieldEncoder> learn(Training training) {
    List<FieldPlan> fields = training.fields();
    List<FieldEncoder> plain =
        fields.stream()
            .filter(plan -> !plan.isCrossed())
            .map(plan -> FieldEncoder.learn(plan, database, training))
            .toList();
    plain.stream()
        .filter(encoder -> nodes == null || encoder.plan().home() != RawTable.INTERACTIONS)
        .flatMap(encoder -> encoder.lists().stream())
        .forEach(lists -> lists.make(database));
    EntityTables.encode(database, RawTable.USERS, plain, base != null);
    EntityTables.encode(database, RawTable.ITEMS, plain, base != null);
    Iterator<FieldEncoder> next = plain.iterator();
    return fields.stream()
        .map(
            plan ->
                plan.field().kind() instanceof FieldKind.Crossed crossed
                    ? FieldEncoder.cross(plan, crossed, plain, database, training)
                    : next.next())
        .toList();
  }

  private void write(
      PreparedFiles files,
      PreparedFiles.Rows rows,
      List<PreparedScenario> scenarios,
      SplitCounts counts,
      @Nullable DistantRows distant)
      throws IOException {
    progress.step("write");
    if (distant == null) {
      files.writeSplits(rows, counts, progress);
    } else {
      files.writeSplits(rows, counts, distant);
    }
    if (rows.groups()) {
      files.writeGroups();
    }
    List<FieldEncoder> encoders = rows.encoders();
    files.writeLearned(encoders);
    files.writeEntities();
    files.writeFeatures(encoders);
    progress.step("histories and statistics");
    files.writeHistories(counts.train());
    if (count(RawTables.PAST) > 0) {
      files.writePast();
    }
    files.writeStatistics(scenarios, counts.train());
    files.writeLeftOut(leftOut);
  }

  private DatasetManifest manifest(
      RawSchema schema,
      String key,
      List<DatasetManifest.Source> sources,
      List<PreparedScenario> scenarios,
      List<FieldEncoder> encoders,
      SplitCounts counts,
      SortedMap<String, DatasetManifest.FileStamp> stamps) {
    return new DatasetManifest(
        DatasetManifest.FORMAT_VERSION,
        config.reader().name(),
        key,
        encoders.stream().map(FieldEncoder::prepared).toList(),
        scenarios,
        count(EntityTables.raw(RawTable.USERS)),
        count(EntityTables.raw(RawTable.USERS) + " WHERE training_rows > 0"),
        count(EntityTables.raw(RawTable.ITEMS)),
        SplitPlan.rule(config.split()),
        counts,
        schema.time(),
        count("groups"),
        config.minFrequency(),
        true,
        schema.labelRule() + NegativeSampling.rule(config.negatives()),
        sources,
        stamps,
        base == null ? null : base.manifest().key(),
        DatasetSettings.of(config),
        schema.labels());
  }

  private int count(String from) {
    return Math.toIntExact(database.queryLong("SELECT count(*) FROM " + from));
  }
}
