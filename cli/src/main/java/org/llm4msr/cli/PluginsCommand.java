package org.llm4msr.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.cli.check.CheckProcess;
import org.llm4msr.cli.check.CheckReport;
import org.llm4msr.cli.command.Command;
import org.llm4msr.cli.command.CommandGroup;
import org.llm4msr.runtime.config.loading.PluginDescription;
import org.llm4msr.runtime.plugins.BrokenPlugin;
import org.llm4msr.runtime.plugins.PluginDescriptor;
import org.llm4msr.runtime.plugins.PluginFolder;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginListing;
import org.llm4msr.runtime.plugins.PluginOrigin;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.text.NearestName;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code plugins}. */
@CommandLine.Command(
    name = "plugins",
    description = "Shows the plugins on the class path and in the plugin folders.",
    subcommands = {
      PluginsCommand.ListAll.class,
      PluginsCommand.Describe.class,
      PluginsCommand.Check.class
    })
final class PluginsCommand extends CommandGroup {

  /** {@code plugins list}. */
  @CommandLine.Command(
      name = "list",
      description = "Lists plugins, and says what is wrong with those that cannot be used.")
  static final class ListAll extends Command {

    @Option(
        names = "--kind",
        paramLabel = "KIND",
        description = "Only plugins of this kind: ${COMPLETION-CANDIDATES}.",
        completionCandidates = Kinds.class)
    @Nullable String kind;

    /** The output with {@code --json}. */
    record Listing(List<Entry> plugins, List<Broken> broken) {}

    /** A usable plugin; {@code spiVersion} is null if its jar states none. */
    record Entry(
        String kind,
        String name,
        String description,
        String source,
        String version,
        @Nullable String spiVersion,
        String jar) {}

    /** A plugin or a plugin folder that cannot be used; {@code kind} is null if not known. */
    record Broken(
        @Nullable String kind,
        String name,
        String version,
        String jar,
        String code,
        String reason) {}

    /** Does nothing here: the list is printed before the failure. */
    @Override
    protected void checkPlugins() {}

    @Override
    protected void run() {
      PluginRegistry plugins = session().plugins();
      List<PluginKind> kinds = kind == null ? List.of(PluginKind.values()) : List.of(kind(kind));
      PluginListing found = PluginListing.of(plugins, kinds);
      Listing listing =
          new Listing(
              found.usable().stream().map(ListAll::entry).toList(),
              found.broken().stream().map(ListAll::broken).toList());
      terminal().result(listing, found.text());
      if (strict) {
        plugins.requireSound(found.broken());
      }
    }

    private static Entry entry(PluginDescriptor plugin) {
      PluginOrigin origin = plugin.origin();
      return new Entry(
          plugin.kind().key(),
          plugin.name(),
          plugin.description(),
          plugin.source(),
          origin.version(),
          origin.spiVersion(),
          origin.location());
    }

    private static Broken broken(BrokenPlugin plugin) {
      PluginKind kind = plugin.kind();
      return new Broken(
          kind == null ? null : kind.key(),
          plugin.label(),
          plugin.origin().version(),
          plugin.origin().location(),
          plugin.error().code(),
          String.valueOf(plugin.error().getMessage()));
    }
  }

  /** {@code plugins describe}. */
  @CommandLine.Command(
      name = "describe",
      description = "Shows a plugin: version, jar, what it needs, and its settings.")
  static final class Describe extends Command {

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
    String name;

    @Option(
        names = "--kind",
        paramLabel = "KIND",
        description =
            "Its kind, if several kinds have a plugin of this name: ${COMPLETION-CANDIDATES}.",
        completionCandidates = Kinds.class)
    @Nullable String kind;

    @Override
    protected void run() {
      PluginRegistry plugins = session().plugins();
      List<PluginDescriptor> named =
          kind == null ? plugins.describe(name) : List.of(plugins.describe(kind(kind), name));
      List<PluginDescription> descriptions =
          named.stream()
              .map(plugin -> PluginDescription.of(plugins, session().loader(), plugin))
              .toList();
      String text = String.join("\n", descriptions.stream().map(PluginDescription::text).toList());
      terminal().result(descriptions.size() == 1 ? descriptions.get(0) : descriptions, text);
    }
  }

  /** {@code plugins check}. */
  @CommandLine.Command(
      name = "check",
      description =
          "Checks plugin folders before others use them: checksums of the jars, every class against"
              + " what it runs with, settings, creation on small data, and the rules of the"
              + " conformance kit. Runs in a process of its own.")
  static final class Check extends Command {

    @SuppressWarnings("NullAway.Init") // picocli fills it.
    @Parameters(
        paramLabel = "DIR",
        description =
            "A folder with one folder of jars for each plugin, as for --plugins, or one such"
                + " folder of jars.")
    Path folder;

    @Option(
        names = "--config",
        paramLabel = "FILE",
        description =
            "An experiment, or the configuration of a server, whose sections give the settings of"
                + " the plugins that it names; others have their defaults. Repeatable: a plugin is"
                + " checked with each file that names it.")
    List<Path> configs = new ArrayList<>();

    @Option(
        names = "-D",
        paramLabel = "KEY=VALUE",
        description = "A setting of the plugins that have one of this name, before all others.")
    List<String> overrides = new ArrayList<>();

    @Option(names = "--slow", description = "Run the slow rules of the conformance kit as well.")
    boolean slow;

    /** Does nothing here: the process of the check loads the plugins. */
    @Override
    protected void checkPlugins() {}

    @Override
    protected String keptWhenInterrupted() {
      return "Interrupted.";
    }

    @Override
    protected void run() throws IOException, InterruptedException {
      PluginFolder.requireReadable(folder);
      List<String> arguments = new ArrayList<>();
      configs.forEach(config -> arguments.addAll(List.of("--config", config.toString())));
      overrides.forEach(override -> arguments.addAll(List.of("-D", override)));
      if (slow) {
        arguments.add("--slow");
      }
      pluginFolders.forEach(root -> arguments.addAll(List.of("--plugins", root.toString())));
      CheckReport report = CheckReport.of(CheckProcess.run(folder, arguments, terminal().err()));
      terminal().result(report, report.text());
      if (!report.sound()) {
        throw new MsrException(
            ErrorType.PLUGIN,
            "check/UNSOUND",
            "%d finding%s in %s: see above."
                .formatted(report.findings(), report.findings() == 1 ? "" : "s", folder));
      }
    }
  }

  /** The values of {@code --kind}. */
  static final class Kinds implements Iterable<String> {
    @Override
    public java.util.Iterator<String> iterator() {
      return PluginKind.keys().iterator();
    }
  }

  private static PluginKind kind(String key) {
    return Stream.of(PluginKind.values())
        .filter(candidate -> candidate.key().equals(key))
        .findFirst()
        .orElseThrow(
            () ->
                new MsrException(
                    ErrorType.USER,
                    "cli/KIND",
                    "There is no kind of plugin \"%s\": there are %s.%s"
                        .formatted(
                            key,
                            String.join(", ", PluginKind.keys()),
                            NearestName.hint(key, PluginKind.keys()))));
  }
}
