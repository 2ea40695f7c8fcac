package org.llm4msr.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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
import org.llm4msr.runtime.plugins.PluginOrigin;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.text.NearestName;
import org.llm4msr.runtime.text.TextTable;
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
      List<BrokenPlugin> broken =
          plugins.verify().stream()
              .filter(plugin -> plugin.kind() == null || kinds.contains(plugin.kind()))
              .toList();
      List<PluginDescriptor> usable =
          kinds.stream().flatMap(pluginKind -> plugins.plugins(pluginKind).stream()).toList();
      Listing listing =
          new Listing(
              usable.stream().map(ListAll::entry).toList(),
              broken.stream().map(ListAll::broken).toList());
      terminal().result(listing, text(usable, broken));
      if (strict) {
        plugins.requireSound(broken);
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

    private static String text(List<PluginDescriptor> usable, List<BrokenPlugin> broken) {
      List<List<String>> rows = new ArrayList<>();
      for (PluginDescriptor plugin : usable) {
        rows.add(row("ok", plugin.kind(), plugin.name(), plugin.origin(), plugin.description()));
      }
      for (BrokenPlugin plugin : broken) {
        rows.add(
            row("broken", plugin.kind(), plugin.label(), plugin.origin(), plugin.error().code()));
      }
      List<String> headings = List.of("state", "kind", "name", "version", "jar", "description");
      StringBuilder text = new StringBuilder(TextTable.of(headings, rows));
      BrokenPlugin.reasons(broken).forEach(reason -> text.append('\n').append(reason).append('\n'));
      return text.toString();
    }

    private static List<String> row(
        String state, @Nullable PluginKind kind, String name, PluginOrigin origin, String text) {
      String shown = kind == null ? "-" : kind.key();
      return List.of(state, shown, name, origin.version(), origin.shortLocation(), text);
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
          kind != null ? List.of(plugins.describe(kind(kind), name)) : named(plugins);
      List<PluginDescription> descriptions =
          named.stream()
              .map(plugin -> PluginDescription.of(plugins, session().loader(), plugin))
              .toList();
      String text = String.join("\n", descriptions.stream().map(Describe::text).toList());
      terminal().result(descriptions.size() == 1 ? descriptions.get(0) : descriptions, text);
    }

    private List<PluginDescriptor> named(PluginRegistry plugins) {
      List<PluginDescriptor> all =
          Arrays.stream(PluginKind.values())
              .flatMap(pluginKind -> plugins.plugins(pluginKind).stream())
              .toList();
      List<PluginDescriptor> named =
          all.stream().filter(plugin -> plugin.name().equals(name)).toList();
      if (!named.isEmpty()) {
        return named;
      }
      for (BrokenPlugin broken : plugins.broken()) {
        if (broken.label().equals(name)) {
          throw broken.error();
        }
      }
      List<String> names = all.stream().map(PluginDescriptor::name).distinct().sorted().toList();
      throw new MsrException(
          ErrorType.USER,
          "plugin/UNKNOWN",
          "There is no plugin \"%s\": there are %s.%s%s"
              .formatted(
                  name,
                  String.join(", ", names),
                  NearestName.hint(name, names),
                  BrokenPlugin.mayHold(plugins.mayHold(List.of(PluginKind.values())))));
    }

    private static String text(PluginDescription description) {
      PluginDescriptor plugin = description.plugin();
      StringBuilder text = new StringBuilder();
      text.append(plugin.name()).append(" (").append(plugin.kind().title()).append("): ");
      text.append(plugin.description()).append('\n');
      List<String> facts = new ArrayList<>(description.capabilities());
      if (!plugin.source().isEmpty()) {
        facts.add("published in " + plugin.source());
      }
      facts.add("version " + plugin.origin().version() + ", " + plugin.origin().location());
      facts.forEach(fact -> text.append("  ").append(fact).append('\n'));
      if (description.settings().isEmpty()) {
        return text.append("  no settings\n").toString();
      }
      List<List<String>> rows = new ArrayList<>();
      addRows(description.settings(), "  ", rows);
      List<String> headings = List.of("  setting", "default", "allowed", "meaning");
      text.append(TextTable.of(headings, rows));
      if (description.settings().stream().anyMatch(PluginDescription.Row::operational)) {
        text.append("  ").append(PluginDescription.OPERATIONAL).append('\n');
      }
      return text.toString();
    }

    private static void addRows(
        List<PluginDescription.Row> settings, String indent, List<List<String>> rows) {
      for (PluginDescription.Row row : settings) {
        rows.add(List.of(indent + row.key(), standard(row), row.legal(), row.meaning()));
        addRows(row.settings(), indent + "  ", rows);
      }
    }

    private static String standard(PluginDescription.Row row) {
      String value = row.defaultValue();
      return value != null ? value : row.required() ? "(required)" : "(none)";
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
            "An experiment whose sections give the settings of the plugins that it names; others"
                + " have their defaults.")
    @Nullable Path config;

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
      if (config != null) {
        arguments.addAll(List.of("--config", config.toString()));
      }
      if (slow) {
        arguments.add("--slow");
      }
      pluginFolders.forEach(root -> arguments.addAll(List.of("--plugins", root.toString())));
      CheckReport report = CheckReport.of(CheckProcess.run(folder, arguments, terminal().err()));
      terminal().result(report, TextTable.of(CheckReport.HEADINGS, report.rows()) + report.text());
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
