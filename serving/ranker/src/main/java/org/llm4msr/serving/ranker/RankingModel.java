package org.llm4msr.serving.ranker;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.bundle.BundleManifest;
import org.llm4msr.runtime.data.rows.RowValues;
import org.llm4msr.runtime.data.rows.ValueCheck;
import org.llm4msr.runtime.data.rows.ValueCounts;
import org.llm4msr.runtime.scoring.RowScores;

/**
 * A model that ranks requests, as a server needs it: {@link Ranker} for the model of a bundle. Safe
 * for use by several threads.
 */
public interface RankingModel extends AutoCloseable {

  /** The code of errors after {@link #close}. */
  String CLOSED = "rank/CLOSED";

  /** Returns the manifest of the bundle. */
  BundleManifest manifest();

  /** Returns the digest of the bundle; equal digests mean equal bundles. */
  String digest();

  /** Returns whether the graphs of a compiled bundle serve, and not the engine. */
  boolean isCompiled();

  /** Returns the names of the further labels that the model learns, in the order of results. */
  List<String> labels();

  /** Returns the keys of the scenarios. */
  List<String> scenarios();

  /** Returns the columns that the context of requests, or their items, must have. */
  Set<String> requiredColumns();

  /**
   * Returns how many numbers a vector of a level has that counts in place of the bundle's; 0 where
   * the model reads no knowledge of that level.
   */
  int vectorSize(Level level);

  /** Returns the norms of the bundle's vectors of a level; null where it has none. */
  @Nullable VectorNorms vectorNorms(Level level);

  /** Returns whether the knowledge of the bundle was made with an encoder. */
  boolean isOf(EncoderInfo info);

  /** Returns the check of values of requests. */
  ValueCheck valueCheck();

  /** Returns the values that the model reads of requests; also after {@link #close}. */
  RowValues values();

  /**
   * Scores the items of a request. An item that is not known is scored as such; one that cannot be
   * read has an error of its own.
   *
   * @throws org.llm4msr.api.MsrException {@code data/UNKNOWN_SCENARIO}, {@code data/BAD_VALUE} and
   *     {@code data/VECTOR_SIZE} for what the items share; {@code data/MISSING_COLUMN} if neither
   *     the context nor an item brings what the model needs; {@code rank/DEADLINE}; {@code
   *     rank/CLOSED} after {@link #close}
   */
  RankResult rank(RankRequest request);

  /** Ranks requests as {@link #rank} does, and counts none of them. */
  List<RankResult> rankUncounted(List<RankRequest> requests);

  /**
   * Explains the scores of a request, on the engine that trained the model: more slowly than it is
   * ranked. An item that cannot be read has no explanation.
   *
   * @throws org.llm4msr.api.MsrException as {@link #rank}; {@code explain/TERMS} if the terms of
   *     the fusion head are wrong
   */
  RankExplanation explain(RankRequest request);

  /**
   * Scores the rows of an Arrow batch by all labels, of any users and scenarios, on the engine that
   * trained the model.
   *
   * @throws org.llm4msr.api.MsrException as {@link
   *     org.llm4msr.runtime.scoring.Scorer#score(VectorSchemaRoot)}; {@code rank/CLOSED} after
   *     {@link #close}
   */
  RowScores scoreLabels(VectorSchemaRoot rows);

  /**
   * Ranks given requests for a while, by turns, so that the first that come take no longer than
   * others. They are not counted, and those that the model cannot rank are left out.
   *
   * @param given drawn ones take their place where there are none
   * @return how many were ranked
   * @throws org.llm4msr.api.MsrException {@code rank/CLOSED} after {@link #close}
   */
  int warmUp(Duration time, List<RankRequest> given);

  /** Returns requests of known users and items, as {@link #warmUp} draws them; always the same. */
  List<RankRequest> drawn(int count);

  /** Forgets what was counted until now, as that of requests to warm up. */
  void forgetCounts();

  /** Returns what was done until now. */
  RankerStats stats();

  /** Returns what requests brought of each field with a vocabulary, by name. */
  Map<String, ValueCounts> valueCounts();

  /** Waits for requests and releases the model. May be called again. */
  @Override
  void close();
}
