package org.llm4msr.checking;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.check.CheckFinding;
import org.llm4msr.tck.PluginConformance;
import org.llm4msr.tck.Rules;
import org.llm4msr.tck.rule.RequirementLevel;
import org.llm4msr.tck.rule.Rule;
import org.llm4msr.tck.rule.RuleBroken;
import org.llm4msr.tck.rule.RuleInfo;

/** The rules of the conformance kit, run on one plugin. */
final class RuleRun {

  /** The registry from which the plugin comes has found it so. */
  private static final String HOLDS_ALREADY = "PLUGIN-01";

  private final Map<String, RuleInfo> rules = new LinkedHashMap<>();
  private final Map<String, String> notRun = new TreeMap<>();
  private final Set<String> kept = new TreeSet<>();
  private final Set<String> broke = new TreeSet<>();
  private final List<CheckFinding> findings = new ArrayList<>();
  private final List<String> advice = new ArrayList<>();

  private RuleRun() {}

  /**
   * Runs the rules that need no test.
   *
   * @param slow whether slow rules run as well
   * @param unmade why the plugin cannot be created, so that only rules of packaging can run; null
   *     if it can
   * @param started is told the id of each rule
   */
  static RuleRun of(
      Subject subject, boolean slow, @Nullable String unmade, Consumer<String> started) {
    Class<? extends PluginConformance<?>> kit = Kits.of(subject.kind());
    RuleRun run = new RuleRun();
    for (RuleInfo rule : Rules.of(kit)) {
      run.rules.put(rule.id(), rule);
      String reason = needs(rule, subject);
      if (reason.isEmpty() && unmade != null && !rule.id().startsWith("PLUGIN-")) {
        reason = unmade;
      }
      if (reason.isEmpty() && rule.slow() && !slow) {
        reason = "slow; --slow runs them";
      }
      if (!reason.isEmpty()) {
        run.notRun.put(rule.id(), reason);
      }
    }
    run.kept.add(HOLDS_ALREADY);
    Kits.test(subject);
    LauncherFactory.create()
        .execute(
            LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(kit))
                .filters((PostDiscoveryFilter) run::filter)
                .build(),
            run.new Listener(started));
    return run;
  }

  /** Returns what a rule needs that only the plugin's own test has; empty if nothing. */
  private static String needs(RuleInfo rule, Subject subject) {
    if (rule.id().equals("RUN-01") && subject.kind() == PluginKind.DATASET_READER) {
      return "it reads sources that a test writes";
    }
    if (rule.id().equals("RUN-01") && subject.kind() == PluginKind.DATASET_GENERATOR) {
      return "it needs settings for a small log, which a test names";
    }
    if (rule.id().startsWith("READER-")) {
      return "they read sources that a test writes";
    }
    if (rule.id().startsWith("GENERATOR-")) {
      return "they need settings for logs of several sizes, and the reader, which a test names";
    }
    boolean compares = rule.id().equals("PROMPT-23") || rule.id().equals("ENCODER-06");
    return compares && subject.factory().configType().getRecordComponents().length > 0
        ? "it compares with other settings, which a test names"
        : "";
  }

  private FilterResult filter(TestDescriptor test) {
    String id = test.getSource().flatMap(RuleRun::id).orElse("");
    return FilterResult.includedIf(!notRun.containsKey(id) && !id.equals(HOLDS_ALREADY));
  }

  private static Optional<String> id(TestSource source) {
    return source instanceof MethodSource method
        ? Optional.ofNullable(method.getJavaMethod().getAnnotation(Rule.class)).map(Rule::id)
        : Optional.empty();
  }

  /** Returns what the plugin breaks and must not. */
  List<CheckFinding> findings() {
    return findings;
  }

  /** Returns what the plugin breaks and should not, and what was not run. */
  List<String> notes() {
    List<String> notes = new ArrayList<>(advice);
    Map<String, List<String>> byReason = new TreeMap<>();
    notRun.forEach((id, why) -> byReason.computeIfAbsent(why, r -> new ArrayList<>()).add(id));
    byReason.forEach((why, ids) -> notes.add("not run: %s: %s".formatted(shown(ids), why)));
    return notes;
  }

  private static String shown(List<String> ids) {
    return ids.size() < 4
        ? String.join(", ", ids)
        : "%s to %s (%d)".formatted(ids.get(0), ids.get(ids.size() - 1), ids.size());
  }

  /** Returns the numbers of rules. */
  String extent() {
    return "%d of %d rules kept, %d broken, %d not run"
        .formatted(kept.size(), rules.size(), findings.size() + advice.size(), notRun.size());
  }

  private void broke(Throwable thrown) {
    if (!(thrown instanceof RuleBroken broken)) {
      findings.add(
          new CheckFinding("check/KIT", "the kit failed: " + thrown, null, "Run it in a test."));
      return;
    }
    RuleInfo rule = broken.rule();
    if (!broke.add(rule.id())) {
      return; // What a guard finds, it finds after several rules.
    }
    CheckFinding finding = finding(rule, found(broken));
    if (rule.level() == RequirementLevel.MUST) {
      findings.add(finding);
    } else {
      advice.add("SHOULD be kept or waived in a test: " + rule.id() + ": " + finding.what());
    }
  }

  /**
   * Makes the finding that a rule is broken.
   *
   * @param found lines
   */
  static CheckFinding finding(RuleInfo rule, String found) {
    return new CheckFinding(
        rule.id(),
        "the plugin " + rule.says() + "\n" + found,
        null,
        "check first: " + String.join("; ", rule.checkFirst()));
  }

  /** Returns what was expected and found, between the subject and the advice. */
  private static String found(RuleBroken broken) {
    String text = String.valueOf(broken.getMessage());
    int from = text.indexOf("expected: ");
    int to = text.indexOf("\n  check first:");
    return from < 0 || to < from
        ? text
        : text.substring(from, to).replace("\n  actual:   ", "\nactual:   ");
  }

  private final class Listener implements TestExecutionListener {

    private final Consumer<String> started;

    Listener(Consumer<String> started) {
      this.started = started;
    }

    private String rule(TestIdentifier test) {
      return test.getSource().flatMap(RuleRun::id).orElse("");
    }

    @Override
    public void executionStarted(TestIdentifier test) {
      if (test.isTest()) {
        started.accept(rule(test));
      }
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
      if (test.isTest()) {
        notRun.put(rule(test), reason.replace('\n', ' '));
      }
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      Throwable thrown = result.getThrowable().orElse(null);
      if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
        executionSkipped(test, thrown == null ? "aborted" : String.valueOf(thrown.getMessage()));
      } else if (thrown != null) {
        broke(thrown);
      } else if (test.isTest()) {
        kept.add(rule(test));
      }
    }
  }
}
