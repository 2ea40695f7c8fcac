package org.llm4msr.tck.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.tck.KitRun;
import org.llm4msr.tck.PluginConformance;
import org.llm4msr.tck.Rules;
import org.llm4msr.tck.harness.TestEngines;
import org.llm4msr.tck.rule.RuleInfo;

/**
 * Each flaw breaks its rule and no other, and each rule has a flaw. Slow rules run only for the
 * sound plugin and for their own flaws.
 *
 * @param <T> what the factory of the zoo makes
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ZooTest<T> {

  /** What plugins say that throw whenever they are used; they are flaws of RUN-01. */
  static final String OUT_OF_ORDER = "out of order";

  private final Class<? extends PluginConformance<?>> kit;
  private final Cage<T> cage;
  private final Map<String, List<Supplier<? extends T>>> flaws = new LinkedHashMap<>();
  private final Map<String, Supplier<? extends T>> shared = new LinkedHashMap<>();

  ZooTest(Class<? extends PluginConformance<?>> kit, Cage<T> cage) {
    this.kit = kit;
    this.cage = cage;
  }

  /** Adds a plugin that breaks a rule; it is made anew whenever the factory makes one. */
  final void flaw(String rule, Supplier<? extends T> flawed) {
    flaws.computeIfAbsent(rule, key -> new ArrayList<>()).add(flawed);
  }

  final void flaws(Map<String, ? extends Supplier<? extends T>> byRule) {
    byRule.forEach(this::flaw);
  }

  /** Adds flaws that the zoo of another kind has as well, for the rules that both share. */
  final void sharedFlaws(Map<String, ? extends Supplier<? extends T>> byRule) {
    shared.putAll(byRule);
  }

  /** Adds sound plugins that leave something behind when they are first made. */
  final void leaks(Supplier<? extends T> sound) {
    GuardFlaws.leaks()
        .forEach(
            (rule, leak) ->
                flaw(
                    rule,
                    () -> {
                      leak.run();
                      return sound.get();
                    }));
  }

  Stream<String> flawed() {
    return flaws.keySet().stream();
  }

  Stream<String> flawedButForTheGuard() {
    return flawed().filter(rule -> !isOfTheGuard(rule));
  }

  /** Rules of the guard have no method: they watch the others. */
  private static boolean isOfTheGuard(String rule) {
    return rule.startsWith("GUARD-");
  }

  Stream<String> sharedFlawed() {
    return shared.keySet().stream();
  }

  @AfterEach
  void heal() {
    cage.clear();
  }

  @Test
  void everyRuleHasAFlaw() {
    TreeSet<String> rules = new TreeSet<>();
    Rules.of(kit).stream().map(RuleInfo::id).forEach(rules::add);
    // PackagingZooTest has the flaws of rules that all kinds share, NumberProductsTest that of the
    // rule on class files; GUARD rules have no method.
    rules.removeIf(id -> id.startsWith("PLUGIN-") || id.equals("MODEL-25"));

    assertThat(Stream.concat(flawed(), sharedFlawed()).filter(id -> !isOfTheGuard(id)))
        .containsExactlyInAnyOrderElementsOf(rules);
  }

  @Test
  void theSoundOneKeepsAllRules() {
    KitRun run = KitRun.of(kit);

    assertThat(run.failures()).isEmpty();
    assertThat(run.skipped()).isEmpty();
    assertThat(run.passed()).hasSize(Rules.of(kit).size());
  }

  @Test
  void anExceptionThatManyRulesMeetIsReportedOnce() {
    TestEngines.engine();
    cage.put(exceptional());

    KitRun run = KitRun.ofQuick(kit);

    assertThat(run.failures()).hasSize(1);
    assertThat(run.text())
        .startsWith("RUN-01 MUST: ")
        .containsPattern(
            "actual: +(a lambda of )?`\\w+` threw IllegalStateException at line \\d+ of \\w+.java: out of order\n");
    assertThat(run.failures().get(0)).hasRootCauseMessage(OUT_OF_ORDER);
    assertThat(run.skipped())
        .hasSizeGreaterThan(5)
        .allMatch(reason -> reason.contains(" threw IllegalStateException at line "))
        .allMatch(reason -> reason.endsWith(", which RUN-01 reports"));
  }

  @Test
  void aRuleThatRunsAloneReportsTheExceptionItself() {
    TestEngines.engine();
    cage.put(exceptional());
    String rule =
        Rules.of(kit).stream()
            .map(RuleInfo::id)
            .filter(id -> id.endsWith("-10"))
            .reduce((first, last) -> last)
            .orElseThrow();

    assertThat(KitRun.ofRule(rule, kit).broken()).containsExactly(rule);
  }

  private Supplier<? extends T> exceptional() {
    Supplier<? extends T> own = shared.get("RUN-01");
    return own == null ? flaws.get("RUN-01").get(0) : own;
  }

  @ParameterizedTest
  @MethodSource("flawed")
  void aFlawBreaksItsRule(String rule) {
    boolean watches = isOfTheGuard(rule);
    flaws
        .get(rule)
        .forEach(
            flawed ->
                check(
                    rule,
                    Set.of(rule),
                    flawed,
                    () -> watches ? KitRun.ofQuick(kit) : KitRun.ofRule(rule, kit)));
  }

  @ParameterizedTest
  @MethodSource("flawedButForTheGuard")
  @Tag("slow")
  void aFlawBreaksNoOtherRule(String rule) {
    flaws.get(rule).forEach(flawed -> checkAll(rule, flawed));
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("sharedFlawed")
  @Tag("slow")
  void aSharedFlawBreaksItsRuleAndNoOther(String rule) {
    checkAll(rule, shared.get(rule));
  }

  private void checkAll(String rule, Supplier<? extends T> flawed) {
    boolean slow = Rules.of(kit).stream().anyMatch(r -> r.slow() && r.id().equals(rule));
    Set<String> broken = new TreeSet<>(alsoBroken(rule));
    broken.add(rule);
    check(rule, broken, flawed, () -> slow ? KitRun.of(kit) : KitRun.ofQuick(kit));
  }

  /** Returns the rules that a flaw cannot but break as well. */
  Set<String> alsoBroken(String rule) {
    return Set.of();
  }

  private void check(
      String rule, Set<String> broken, Supplier<? extends T> flawed, Supplier<KitRun> kitRun) {
    TestEngines.engine();
    cage.put(flawed);

    KitRun run = kitRun.get();

    assertThat(run.broken()).as(run.text()).isEqualTo(broken);
    assertThat(run.text(rule))
        .startsWith(rule + " ")
        .contains("plugin:   zoo (org.llm4msr.tck.zoo.Zoo", "), default settings")
        .contains(
            "expected: ", "actual: ", "check first:\n    - ", "seed:     7", "repeat:   mvn test");
  }
}
