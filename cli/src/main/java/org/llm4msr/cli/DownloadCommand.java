package org.llm4msr.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.cli.command.Command;
import org.llm4msr.cli.command.ProgressView;
import org.llm4msr.runtime.download.Catalogue;
import org.llm4msr.runtime.download.Catalogue.Licence;
import org.llm4msr.runtime.download.DatasetDownload;
import org.llm4msr.runtime.download.PublishedDataset;
import org.llm4msr.toolkit.hub.EnvironmentProxies;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code data download}. */
@CommandLine.Command(
    name = "download",
    description =
        "Downloads a published data set from its publishers, once its licence is accepted;"
            + " without a name, lists what is available.")
final class DownloadCommand extends Command {

  @Parameters(arity = "0..1", paramLabel = "NAME", description = "The data set.")
  @Nullable String name;

  @Option(names = "--out", paramLabel = "DIR", description = "A new folder (default: data/NAME).")
  @Nullable Path out;

  @Option(
      names = "--category",
      paramLabel = "NAME",
      description = "A category to download, for data sets that come in categories; repeatable.")
  List<String> categories = new ArrayList<>();

  @Option(
      names = "--accept-licence",
      description = "Accept the licence that is shown, instead of typing yes.")
  boolean accepted;

  @Override
  protected String keptWhenInterrupted() {
    return "Interrupted; what was downloaded is kept. Run it again to resume.";
  }

  @Override
  protected void run() throws IOException {
    Catalogue catalogue = Catalogue.load();
    if (name == null) {
      terminal().result(catalogue, catalogue.text());
      return;
    }
    PublishedDataset dataset = catalogue.get(name);
    Licence licence = catalogue.licence(dataset);
    if (!dataset.files().isEmpty()) {
      DatasetDownload.requireCategories(dataset, categories);
      terminal().note(catalogue.text(dataset));
      requireAccepted(dataset, licence);
    }
    Path folder = out == null ? Path.of("data", dataset.name()) : out;
    DatasetDownload.Result result;
    try (ProgressView progress = progress("download", "bytes")) {
      DatasetDownload download = new DatasetDownload(EnvironmentProxies.of(System::getenv));
      result = download.load(dataset, categories, licence.name(), folder, progress);
    }
    terminal().result(result, result.text(dataset));
  }

  private void requireAccepted(PublishedDataset dataset, Licence licence) throws IOException {
    if (!accepted && !isTyped()) {
      throw new MsrException(
          ErrorType.USER,
          "download/LICENCE",
          "%s has this licence: %s (%s). Nothing was downloaded; accept it with --accept-licence."
              .formatted(dataset.name(), licence.name(), licence.address()));
    }
  }

  /** Asks the user if there is one at a terminal. */
  private boolean isTyped() throws IOException {
    if (!Boolean.getBoolean(ProgressView.TERMINAL)) {
      return false;
    }
    terminal().note("Type yes to accept the licence:");
    String answer = new BufferedReader(new InputStreamReader(System.in, UTF_8)).readLine();
    return answer != null && answer.strip().equalsIgnoreCase("yes");
  }
}
