package org.llm4msr.checking;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.UnsupportedFeatureException;
import org.llm4msr.checking.link.Linkage;
import org.llm4msr.runtime.plugins.BrokenPlugin;
import org.llm4msr.runtime.plugins.PluginDescriptor;
import org.llm4msr.runtime.plugins.PluginFaults;
import org.llm4msr.runtime.plugins.PluginFolder;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.plugins.check.CheckFinding;
import org.llm4msr.runtime.plugins.check.CheckStep;
import org.llm4msr.runtime.plugins.check.CheckStep.State;
import org.llm4msr.runtime.plugins.check.JarContents;
import org.llm4msr.tck.guard.Guard;
import org.llm4msr.tck.guard.Watches;
import org.llm4msr.tck.harness.Finding;

/** The steps of a check of one plugin folder; each is told when it begins and when it ends. */
final class FolderCheck {

  private final PluginFolder folder;
  private final PluginRegistry plugins;
  private final Consumer<CheckStep> listener;
  private final Path scratch;
  private final Watches defaults =
      new Watches(EnumSet.of(Guard.LOCALE, Guard.TIME_ZONE, Guard.STREAMS));

  /**
   * Makes a check.
   *
   * @param plugins has the plugins of the folder, and those that it may be used with
   * @param scratch an empty folder
   */
  FolderCheck(
      PluginFolder folder, PluginRegistry plugins, Path scratch, Consumer<CheckStep> listener) {
    this.folder = folder;
    this.plugins = plugins;
    this.scratch = scratch;
    this.listener = listener;
  }

  /** Checks the jars, and whether plugins are found in them. */
  void packaging() throws IOException {
    if (hasDamage()) {
      skip("", "plugins", "a jar is damaged");
      skip("", "linkage", "a jar is damaged");
      return;
    }
    begin("", "plugins");
    List<CheckFinding> broken =
        plugins.verify(plugin -> isHere(plugin.origin().folder())).stream()
            .filter(this::isHere)
            .map(FolderCheck::finding)
            .distinct()
            .toList();
    List<String> names = here().stream().map(FolderCheck::title).toList();
    end(
        "",
        "plugins",
        names.isEmpty() ? "none can be used" : String.join(", ", names),
        broken,
        folder.ignoredLibraries().stream().toList());

    begin("", "linkage");
    if (folder.refusal().isPresent()) {
      skip("", "linkage", "nothing is loaded from this folder");
    } else {
      Linkage linkage = Linkage.of(folder);
      end("", "linkage", linkage.extent(), linkage.findings(), linkage.notes());
    }
  }

  private boolean hasDamage() {
    begin("", "jars");
    List<CheckFinding> damaged = new ArrayList<>();
    int entries = 0;
    for (Path jar : folder.jars()) {
      JarContents contents = JarContents.read(jar);
      contents.damage().forEach(damage -> damaged.add(finding(jar, damage)));
      entries += contents.entries();
    }
    String extent =
        "%d entries of %d jar%s read"
            .formatted(entries, folder.jars().size(), folder.jars().size() == 1 ? "" : "s");
    end("", "jars", extent, damaged, List.of());
    return !damaged.isEmpty();
  }

  private static CheckFinding finding(Path jar, JarContents.Damage damage) {
    boolean whole = damage.entry().isEmpty();
    return new CheckFinding(
        "plugin/CORRUPT_JAR",
        (whole ? "it is " : "an entry is damaged: ") + damage.what(),
        whole ? jar.toString() : jar + ", " + damage.entry(),
        damage.remedy());
  }

  /**
   * Creates the plugins, and runs the kit on them, with the settings of each configuration that
   * names them.
   *
   * @param all of which the first ones are for plugins that none names; empty if they cannot be
   *     read, and then nothing is created
   */
  void plugins(List<Settings> all, boolean slow) {
    for (PluginDescriptor plugin : here()) {
      List<Settings> naming = all.stream().filter(settings -> settings.names(plugin)).toList();
      if (all.isEmpty()) {
        skipUse(plugin);
      } else if (naming.isEmpty()) {
        use(plugin, all.get(0), slow);
      } else {
        naming.forEach(settings -> use(plugin, settings, slow));
      }
    }
  }

  private void use(PluginDescriptor plugin, Settings settings, boolean slow) {
    Subject subject = bound(plugin, settings);
    if (subject == null) {
      skipUse(plugin);
      return;
    }
    String unmade = created(subject);
    String title = title(plugin);
    begin(title, "rules");
    RuleRun run = RuleRun.of(subject, slow, unmade, id -> begin(title, "rule " + id));
    end(title, "rules", run.extent(), run.findings(), run.notes());
  }

  private void skipUse(PluginDescriptor plugin) {
    skip(title(plugin), "creation", "there are no settings");
    skip(title(plugin), "rules", "there are no settings");
  }

  private @Nullable Subject bound(PluginDescriptor plugin, Settings settings) {
    begin(title(plugin), "settings");
    try {
      Subject subject = settings.of(plugin);
      end(title(plugin), "settings", settings.origin(subject), List.of(), List.of());
      return subject;
    } catch (MsrException e) {
      CheckFinding finding =
          new CheckFinding(
              e.code(),
              e.text(),
              plugin.factory(),
              "Settings without a default come from an experiment or a server's file that names"
                  + " the plugin (--config FILE), or from -D KEY=VALUE.");
      end(title(plugin), "settings", "they do not bind", List.of(finding), List.of());
      return null;
    }
  }

  /** Creates a plugin; returns why that is not possible, or null. */
  private @Nullable String created(Subject subject) {
    String title = title(subject.kind(), subject.name());
    begin(title, "creation");
    try {
      end(title, "creation", new Creation(subject, scratch).run(), List.of(), List.of());
      return null;
    } catch (Creation.NotPossible e) {
      return skip(title, "creation", String.valueOf(e.getMessage()));
    } catch (UnsupportedFeatureException e) {
      return skip(title, "creation", e.text());
    } catch (MsrException e) {
      if (e.retryable() || e.type() == ErrorType.EXTERNAL) {
        return skip(title, "creation", "what it needs is not there: " + e.text());
      }
      return failed(title, new CheckFinding(e.code(), e.text(), place(e), null));
    } catch (LinkageError e) {
      return failed(title, folder.explain(e, place(e)));
    } catch (Finding e) {
      String what = "used as in a run, it was found wrong: " + e.getMessage();
      String wayOut = "A rule of the conformance kit names it as well, with what to check first.";
      failed(title, new CheckFinding("check/CREATION", what, place(e), wayOut));
      return null; // The rules know more than this.
    } catch (Exception | StackOverflowError | AssertionError e) {
      CheckFinding finding =
          PluginFaults.explain(e)
              .map(fault -> new CheckFinding(fault.code(), fault.text(), place(e), null))
              .orElseGet(
                  () ->
                      new CheckFinding(
                          "check/CREATION",
                          "creating or using it threw " + e,
                          place(e),
                          "Its test with the conformance kit shows the whole stack trace."));
      return failed(title, finding);
    }
  }

  private String failed(String title, CheckFinding finding) {
    end(title, "creation", "it cannot be used", List.of(finding), List.of());
    return "it cannot be created and used";
  }

  /** Returns the innermost place in the folder's code. */
  private String place(Throwable error) {
    for (@Nullable Throwable at = error; at != null; at = at.getCause()) {
      for (StackTraceElement frame : at.getStackTrace()) {
        if (isHere(frame)) {
          return frame.toString();
        }
      }
    }
    return folder.path().toString();
  }

  private boolean isHere(StackTraceElement frame) {
    return ("plugin:" + folder.path().getFileName()).equals(frame.getClassLoaderName());
  }

  private List<PluginDescriptor> here() {
    return Stream.of(PluginKind.values())
        .flatMap(kind -> plugins.plugins(kind).stream())
        .filter(plugin -> isHere(plugin.origin().folder()))
        .toList();
  }

  private boolean isHere(BrokenPlugin plugin) {
    return isHere(plugin.origin().folder());
  }

  private boolean isHere(@Nullable Path other) {
    try {
      return other != null && Files.isSameFile(other, folder.path());
    } catch (IOException e) {
      return false;
    }
  }

  private static CheckFinding finding(BrokenPlugin plugin) {
    return new CheckFinding(plugin.error().code(), plugin.error().text(), null, null);
  }

  private static String title(PluginDescriptor plugin) {
    return title(plugin.kind(), plugin.name());
  }

  private static String title(PluginKind kind, String name) {
    return kind.title() + " " + name;
  }

  private void begin(String subject, String name) {
    tell(subject, name, State.STARTED, "", List.of(), List.of());
  }

  private void end(
      String subject, String name, String detail, List<CheckFinding> findings, List<String> notes) {
    List<CheckFinding> all = new ArrayList<>(findings);
    all.addAll(changedDefaults());
    tell(subject, name, all.isEmpty() ? State.OK : State.FAILED, detail, all, notes);
  }

  private String skip(String subject, String name, String reason) {
    tell(subject, name, State.SKIPPED, reason, changedDefaults(), List.of());
    return reason;
  }

  /** Returns what the process has otherwise than before the check, and puts it back. */
  private List<CheckFinding> changedDefaults() {
    return defaults.leftovers().entrySet().stream()
        .map(
            changed ->
                RuleRun.finding(
                    changed.getKey().rule(), "actual:   " + String.join(", ", changed.getValue())))
        .toList();
  }

  private void tell(
      String subject,
      String name,
      State state,
      String detail,
      List<CheckFinding> findings,
      List<String> notes) {
    listener.accept(
        new CheckStep(
            String.valueOf(folder.path().getFileName()),
            subject,
            name,
            state,
            detail.replace('\n', ' '),
            findings,
            notes));
  }
}
