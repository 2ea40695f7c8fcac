package org.llm4msr.runtime.data.prepared;

import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.data.order.TrainingOrder;

/**
 * A folder of prepared data, opened for reading. Safe for use by several threads; each batch source
 * belongs to one. Close it after the sources.
 */
public interface PreparedData extends AutoCloseable {

  /**
   * Opens a folder and checks version, sizes, columns and types.
   *
   * @throws org.llm4msr.api.MsrException of type DATA, with the file and the column, where it is
   *     not prepared data or does not fit its manifest
   */
  static PreparedData open(Path folder) {
    return new PreparedFolder(folder);
  }

  /** Returns what the data says of itself. */
  DatasetManifest manifest();

  /** Returns the training rows of one epoch, each once, in the given order. */
  BatchSource training(TrainingOrder order);

  /** Returns the rows of a part in file order, oldest first. */
  BatchSource sequential(Split split, int batchSize);

  /**
   * Returns the rows of a part user by user, those of each in file order. Takes four bytes a row.
   *
   * @throws ArithmeticException if the part has more than 2^31 - 1 rows
   */
  BatchSource byUser(Split split, int batchSize);

  /** Returns the rows of a part in file order; they may lack their fields. */
  default BatchSource withoutFields(Split split, int batchSize) {
    return sequential(split, batchSize);
  }

  /** Returns the raw id of each user by index; decoded when asked for. */
  List<String> userKeys();

  /** Returns the users with a training row. */
  BitSet trainingUsers();

  /**
   * Returns the raw id of each item by index; decoded when asked for.
   *
   * @throws org.llm4msr.api.MsrException of type DATA where the data does not tell the items apart
   */
  List<String> itemKeys();

  /**
   * Returns the items with a training row.
   *
   * @throws org.llm4msr.api.MsrException of type DATA where rows do not name their item
   */
  BitSet trainingItems();

  /**
   * Returns the logged rows of some parts, whose main label tells positives.
   *
   * @throws org.llm4msr.api.MsrException as {@link #loggedRows(Set, String)}
   */
  default LoggedRows loggedRows(Set<Split> parts) {
    return loggedRows(parts, RawSchema.LABEL);
  }

  /**
   * Returns the logged rows of some parts.
   *
   * @param label the one that tells positives; rows where it is not known are left out
   * @throws org.llm4msr.api.MsrException of type USER where rows have no time, of type DATA where
   *     the folder does not say which rows were logged
   */
  LoggedRows loggedRows(Set<Split> parts, String label);

  /**
   * Returns how many training rows have each value of a field with a vocabulary, by id; 0 of id 0.
   *
   * @throws org.llm4msr.api.MsrException of type DATA where the vocabulary does not say
   */
  float[] valueRows(PreparedField field);

  /** Returns the training part as prompts see it. */
  TrainingLog trainingLog();

  @Override
  void close();
}
