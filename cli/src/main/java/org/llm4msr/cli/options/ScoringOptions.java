package org.llm4msr.cli.options;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.config.MalformedConfig.Policy;
import picocli.CommandLine.Option;

/** How rows of raw ids are scored, on one machine or on many. */
public final class ScoringOptions {

  @Option(
      names = "--keep",
      split = ",",
      defaultValue = "user,item,scenario",
      paramLabel = "COLUMN",
      description = "Columns to copy next to the scores (default: ${DEFAULT-VALUE}).")
  public List<String> keep = List.of();

  @Option(
      names = "--list-separator",
      defaultValue = "|",
      paramLabel = "TEXT",
      description =
          "Separator of the values of a list that is written as text (default:"
              + " ${DEFAULT-VALUE}).")
  public String listSeparator = "|";

  @Option(
      names = "--knowledge",
      paramLabel = "FOLDER",
      description =
          "A knowledge store with the vectors of items that the bundle does not know; for models"
              + " that read the knowledge of items.")
  public @Nullable String knowledge;

  @Option(
      names = "--malformed",
      defaultValue = "strict",
      paramLabel = "POLICY",
      description =
          "strict: a row that cannot be read is an error. skip: such rows have no score, and the"
              + " column problem says why (default: ${DEFAULT-VALUE}).")
  public Policy malformed = Policy.STRICT;

  @Option(names = "--force", description = "Replace existing scores.")
  public boolean force;
}
