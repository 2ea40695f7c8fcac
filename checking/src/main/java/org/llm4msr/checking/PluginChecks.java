package org.llm4msr.checking;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.plugins.BrokenPlugin;
import org.llm4msr.runtime.plugins.PluginFolder;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.plugins.check.CheckFinding;
import org.llm4msr.runtime.plugins.check.CheckStep;
import org.llm4msr.runtime.plugins.check.CheckStep.State;

/**
 * The check of the plugin folders in a root, or of one folder. What can be found without running a
 * plugin comes first, for all folders.
 *
 * @param folder the root, or the folder
 * @param configs of experiments or servers, which give settings; none for defaults alone
 * @param overrides settings that count before those, {@code key=value} each
 * @param slow whether slow rules of the kit run
 * @param roots further plugin folders, as of {@code --plugins}
 */
record PluginChecks(
    Path folder, List<Path> configs, List<String> overrides, boolean slow, List<Path> roots) {

  /** Runs all steps. */
  void run(Consumer<CheckStep> listener) throws IOException {
    PluginRegistry plugins = registry();
    List<PluginFolder> folders = PluginFolder.in(folder);
    Path scratch = Files.createTempDirectory("llm4msr-check-");
    try {
      List<FolderCheck> checks = new ArrayList<>();
      for (PluginFolder each : folders) {
        checks.add(new FolderCheck(each, plugins, scratch, listener));
      }
      tellOfRoot(folders, plugins, listener);
      for (FolderCheck check : checks) {
        check.packaging();
      }
      List<Settings> settings = settings(plugins, scratch, listener);
      for (FolderCheck check : checks) {
        check.plugins(settings, slow);
      }
      if (!settings.isEmpty()) {
        overrides.stream()
            .filter(override -> settings.stream().noneMatch(each -> each.uses(override)))
            .forEach(override -> listener.accept(notTaken(override)));
      }
    } finally {
      DurableFiles.delete(scratch);
    }
  }

  private PluginRegistry registry() {
    if (PluginFolder.isOne(folder)) {
      return PluginRegistry.loadWith(folder, roots);
    }
    List<Path> all = new ArrayList<>(roots);
    all.add(folder);
    return PluginRegistry.load(all);
  }

  /** Tells of jars beside the folders, and if there is none. */
  private void tellOfRoot(
      List<PluginFolder> folders, PluginRegistry plugins, Consumer<CheckStep> listener) {
    Path root = folder.toAbsolutePath().normalize();
    List<CheckFinding> findings = new ArrayList<>();
    for (BrokenPlugin broken : plugins.broken()) {
      if (broken.error().code().equals("plugin/LOOSE_JAR")
          && root.equals(Path.of(broken.origin().location()).getParent())) {
        findings.add(new CheckFinding(broken.error().code(), broken.error().text(), null, null));
      }
    }
    if (folders.isEmpty()) {
      findings.add(
          new CheckFinding(
              "check/NO_PLUGINS",
              "there is no plugin folder",
              root.toString(),
              "Name a folder that holds one folder of jars for each plugin, or one such folder."));
    }
    if (!findings.isEmpty()) {
      listener.accept(
          new CheckStep("-", "", "folders", State.FAILED, "" + root, findings, List.of()));
    }
  }

  private static CheckStep notTaken(String override) {
    CheckFinding finding =
        new CheckFinding(
            "check/NO_SETTING",
            "no plugin here has a setting of this name",
            "-D " + override,
            "llm4msr plugins describe NAME shows the settings of a plugin.");
    return new CheckStep("-", "", "settings", State.FAILED, "", List.of(finding), List.of());
  }

  /** Returns the settings of each configuration; none if one of them cannot be read. */
  private List<Settings> settings(
      PluginRegistry plugins, Path scratch, Consumer<CheckStep> listener) {
    if (configs.isEmpty()) {
      return List.of(new Settings(plugins, null, overrides, scratch));
    }
    List<Settings> all = new ArrayList<>();
    for (Path config : configs) {
      try {
        all.add(new Settings(plugins, config, overrides, scratch));
      } catch (MsrException e) {
        CheckFinding finding = new CheckFinding(e.code(), e.text(), null, null);
        listener.accept(
            new CheckStep(
                "-", "", "config", State.FAILED, "" + config, List.of(finding), List.of()));
      }
    }
    all.stream()
        .flatMap(settings -> settings.engine().stream())
        .findFirst()
        .ifPresent(engine -> System.setProperty("llm4msr.test.engine", engine));
    return all.size() < configs.size() ? List.of() : all;
  }
}
