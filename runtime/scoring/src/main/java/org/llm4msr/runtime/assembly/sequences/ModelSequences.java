package org.llm4msr.runtime.assembly.sequences;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Sequence;
import org.llm4msr.runtime.config.past.SequenceConfig.Pooling;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.model.SequenceAttention;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.runtime.tables.EmbeddingTables;
import org.llm4msr.runtime.tables.TableSequence;
import org.llm4msr.runtime.tables.TableSequence.Form;
import org.llm4msr.runtime.tables.Workers;

/**
 * The sequences of a model. Where vectors stay apart, the engine pools them; other poolings are
 * those of the embedding tables, and target attention is that of {@link BatchAttention} where MKL
 * is.
 */
public final class ModelSequences {

  /** Those of a model without sequences, no part of which reads any. */
  public static final ModelSequences NONE = new ModelSequences(List.of(), null, false);

  /** The place of their parameters in the model. */
  public static final String SCOPE = "sequence";

  /** What follows the name of a sequence in that of its own table. */
  private static final String OWN = " (sequence)";

  private static final int[] NO_IDS = {};

  private final List<Part> parts;
  private final @Nullable SequenceInputs inputs;
  private final boolean readEach;

  private ModelSequences(List<Part> parts, @Nullable SequenceInputs inputs, boolean readEach) {
    this.parts = List.copyOf(parts);
    this.inputs = inputs;
    this.readEach = readEach;
  }

  /**
   * One sequence.
   *
   * @param ids by the index of an item or the rank of a scenario; none of a list
   * @param attention null for other poolings
   * @param ofScenarios whether the scenarios of the events are read, and not their items
   */
  @SuppressWarnings("ArrayRecordComponent") // Read-only by convention.
  record Part(
      SequenceField field,
      int[] ids,
      Form form,
      @Nullable TargetAttention attention,
      boolean ofScenarios) {

    boolean keepsEach() {
      return form == Form.EACH || form == Form.EACH_AND_LARGEST;
    }

    Part outsideEngine() {
      return attention == null || !attention.isOfRows()
          ? this
          : new Part(field, ids, Form.WEIGHED, attention, ofScenarios);
    }
  }

  /**
   * What passes read of the sequences of a batch.
   *
   * @param fields one vector a row of each, (B, D)
   * @param sequences their vectors; null where no part of the model reads them
   */
  public record Pooled(List<NDArray> fields, @Nullable List<Sequence> sequences) {

    /** Returns the flat input (B, W) with the pooled vectors at its end. */
    public NDArray appendTo(NDArray flat) {
      if (fields.isEmpty()) {
        return flat;
      }
      NDList all = new NDList(flat);
      all.addAll(fields);
      return NDArrays.concat(all, 1);
    }
  }

  /**
   * Makes the parameters of the sequences.
   *
   * @param context of {@link #SCOPE}
   * @param inputs null only without sequences
   * @param readEach whether a part of the model reads the vectors themselves
   * @throws org.llm4msr.api.MsrException as {@link SequencePlan#of}
   */
  public static ModelSequences of(
      SequencePlan plan,
      List<PreparedField> fields,
      ModelContext context,
      @Nullable SequenceInputs inputs,
      boolean readEach) {
    List<Part> parts = new ArrayList<>();
    for (SequenceField field : plan.requireTables().all()) {
      PreparedField table = fields.get(field.table());
      int[] ids = NO_IDS;
      boolean ofScenarios = false;
      if (field.config().isOfLog()) {
        SequenceInputs known = requireNonNull(inputs, "inputs is null");
        ofScenarios = known.isOfScenarios().test(table);
        ids = (ofScenarios ? known.idsOfScenarios() : known.idsOfItems()).apply(table);
      }
      parts.add(
          new Part(
              field,
              ids,
              form(field.config().pooling(), readEach),
              attention(field, context),
              ofScenarios));
    }
    return new ModelSequences(parts, inputs, readEach);
  }

  /** Makes the parameters of a plan alone, to count them. */
  public static void makeParameters(SequencePlan plan, ModelContext context) {
    plan.all().forEach(field -> attention(field, context));
  }

  private static @Nullable TargetAttention attention(SequenceField field, ModelContext context) {
    return field.config().pooling() == Pooling.TARGET_ATTENTION
        ? new TargetAttention(context.scope(field.name()), field.width(), field.config())
        : null;
  }

  private static Form form(Pooling pooling, boolean readEach) {
    return switch (pooling) {
      case MEAN -> readEach ? Form.EACH : Form.MEAN;
      case SUM -> readEach ? Form.EACH : Form.SUM;
      case MAX -> readEach ? Form.EACH_AND_LARGEST : Form.LARGEST;
      case TARGET_ATTENTION -> Form.EACH;
    };
  }

  /** Returns whether there are none. */
  public boolean isEmpty() {
    return parts.isEmpty();
  }

  /** Returns whether a row has one vector of each, which lie at the end of its flat input. */
  public boolean arePooled() {
    return !isEmpty() && !readEach && parts.stream().noneMatch(Part::keepsEach);
  }

  /** Returns the same sequences for passes whose target attention {@link BatchAttention} gives. */
  public ModelSequences outsideEngine() {
    return readEach
        ? this
        : new ModelSequences(parts.stream().map(Part::outsideEngine).toList(), inputs, false);
  }

  /** Returns what sequences read beside the rows; null where there are none. */
  public @Nullable SequenceInputs inputs() {
    return inputs;
  }

  /** Returns what passes read where there are none. */
  public Pooled none() {
    return new Pooled(List.of(), readEach ? List.of() : null);
  }

  /**
   * Returns how the sequences read the tables of the fields, or tables of their own, whose initial
   * values depend on the seed and the name of the sequence.
   */
  public List<TableSequence> tables(
      List<EmbeddingTable> ofFields, long seed, double deviation, Workers workers) {
    List<TableSequence> tables = new ArrayList<>();
    for (Part part : parts) {
      SequenceField field = part.field();
      EmbeddingTable table = ofFields.get(field.table());
      if (field.config().ownTable()) {
        table = table.like(field.name() + OWN);
        table.initialize(seed, deviation, workers);
      }
      tables.add(new TableSequence(table, field.config().length(), part.form()));
    }
    return tables;
  }

  /** Returns how the sequences read the tables of another model, whose sequences are the same. */
  public List<TableSequence> tables(EmbeddingTables shared) {
    List<TableSequence> tables = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      EmbeddingTable table = shared.sequences().get(i).table();
      tables.add(
          new TableSequence(table, parts.get(i).field().config().length(), parts.get(i).form()));
    }
    return tables;
  }

  /** Returns the tables that fields do not read, by the names of the sequences. */
  public Map<String, EmbeddingTable> ownTables(EmbeddingTables tables) {
    Map<String, EmbeddingTable> own = new TreeMap<>();
    for (int i = 0; i < parts.size(); i++) {
      SequenceField field = parts.get(i).field();
      if (field.config().ownTable()) {
        own.put(field.name(), tables.sequences().get(i).table());
      }
    }
    return own;
  }

  /**
   * Returns the rows of these tables with other data, by the names of the sequences.
   *
   * @param fields those of the other data, in the order of the model's
   */
  public Map<String, Integer> ownRows(List<PreparedField> fields) {
    Map<String, Integer> rows = new TreeMap<>();
    for (Part part : parts) {
      if (part.field().config().ownTable()) {
        rows.put(part.field().name(), fields.get(part.field().table()).tableRows());
      }
    }
    return rows;
  }

  /** Returns them in the order in which tables read them. */
  public List<SequenceField> fields() {
    return parts.stream().map(Part::field).toList();
  }

  /** Returns which field holds the ids of each sequence; -1 for the log. */
  public int[] sources() {
    return parts.stream()
        .mapToInt(part -> Objects.requireNonNullElse(part.field().source(), -1))
        .toArray();
  }

  /** Returns what reads the ids of batches. */
  public BatchSequences batches(Workers workers) {
    return new BatchSequences(parts, inputs == null ? null : inputs.events(), workers);
  }

  /**
   * Returns the target attention that is computed outside the engine.
   *
   * @param tables whose sequences are these
   * @param room makes what gives memory to one sequence
   */
  public BatchAttention attention(
      EmbeddingTables tables, Workers workers, Supplier<LongFunction<FloatBuffer>> room) {
    List<BatchAttention.One> all = new ArrayList<>();
    for (int s = 0; s < parts.size(); s++) {
      Part part = parts.get(s);
      if (part.attention() != null && part.form() == Form.WEIGHED) {
        SequenceAttention ofRows =
            part.attention()
                .ofRows(
                    tables.sequences().get(s).table(),
                    tables.column(part.field().table()),
                    tables.sequenceColumn(s),
                    workers,
                    room.get());
        all.add(new BatchAttention.One(tables.tables().size() + s, ofRows));
      }
    }
    return new BatchAttention(all);
  }

  /**
   * Pools the sequences of a batch.
   *
   * @param columns those of the sequences, which follow one another, (B, n)
   * @param vectors the vectors of the fields, (B, W)
   */
  public Pooled pool(EmbeddingTables tables, NDArray columns, NDArray vectors) {
    if (isEmpty()) {
      return none();
    }
    NDList pieces = pieces(columns);
    List<NDArray> fields = new ArrayList<>();
    List<Sequence> sequences = new ArrayList<>();
    int next = 0;
    for (Part part : parts) {
      if (!part.keepsEach()) {
        fields.add(pieces.get(next++));
        continue;
      }
      int width = part.field().width();
      int length = part.field().config().length();
      NDArray each = apart(pieces.get(next++), length, width);
      NDArray mask = pieces.get(next++).stopGradient(); // Its columns are no vectors.
      NDArray target = columns(vectors, tables.column(part.field().table()), width);
      NDArray largest =
          part.form() == Form.EACH_AND_LARGEST
              ? apart(pieces.get(next++).stopGradient(), length, width)
              : null;
      sequences.add(new Sequence(part.field().name(), each, mask, target));
      fields.add(pool(part, each, mask, target, largest));
    }
    return new Pooled(fields, readEach ? sequences : null);
  }

  private static NDArray pool(
      Part part, NDArray each, NDArray mask, NDArray target, @Nullable NDArray largest) {
    if (part.attention() != null) {
      return part.attention().pool(each, mask, target);
    }
    int[] places = {1};
    if (largest != null) {
      return each.mul(largest).sum(places);
    }
    NDArray sum = each.sum(places);
    return part.field().config().pooling() == Pooling.SUM
        ? sum
        : sum.div(mask.sum(places, true).maximum(1));
  }

  /** Cuts the columns into those of each sequence, and these into vectors, mask and marks. */
  private NDList pieces(NDArray columns) {
    List<Long> widths = new ArrayList<>();
    for (Part part : parts) {
      long width = part.field().width();
      long length = part.field().config().length();
      widths.add(part.keepsEach() ? length * width : width);
      if (part.keepsEach()) {
        widths.add(length);
      }
      if (part.form() == Form.EACH_AND_LARGEST) {
        widths.add(length * width);
      }
    }
    if (widths.size() == 1) {
      return new NDList(columns);
    }
    long[] ends = new long[widths.size() - 1];
    long end = 0;
    for (int i = 0; i < ends.length; i++) {
      end += widths.get(i);
      ends[i] = end;
    }
    return columns.split(ends, 1);
  }

  private static NDArray apart(NDArray vectors, int length, int width) {
    return vectors.reshape(new Shape(vectors.getShape().get(0), length, width));
  }

  /** Returns some columns, by a split, which graphs have too. */
  private static NDArray columns(NDArray vectors, int from, int width) {
    long end = vectors.getShape().get(1);
    long[] ends =
        LongStream.of(from, from + (long) width).filter(at -> at > 0 && at < end).toArray();
    return ends.length == 0 ? vectors : vectors.split(ends, 1).get(from == 0 ? 0 : 1);
  }
}
