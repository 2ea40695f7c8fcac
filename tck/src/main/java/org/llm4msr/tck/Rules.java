package org.llm4msr.tck;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.llm4msr.runtime.text.NearestName;
import org.llm4msr.tck.rule.Repetition;
import org.llm4msr.tck.rule.Rule;
import org.llm4msr.tck.rule.RuleInfo;

/** Rules as their annotations state them. */
public final class Rules {

  static final List<Class<? extends PluginConformance<?>>> KITS =
      List.of(
          BackboneConformance.class,
          FusionHeadConformance.class,
          MetaNetworkConformance.class,
          KnowledgeEncoderConformance.class,
          DatasetGeneratorConformance.class,
          DatasetReaderConformance.class,
          PromptBuilderConformance.class,
          FeatureSourceConformance.class);

  private Rules() {}

  /** Fails if no kit has such a rule: all rules would be left out, and nothing tested. */
  static void requireKnown(String id) {
    List<String> known =
        KITS.stream().flatMap(kit -> of(kit).stream()).map(RuleInfo::id).distinct().toList();
    if (!known.contains(id)) {
      throw new IllegalArgumentException(
          "There is no rule %s (-D%s); docs/conformance.md lists them.%s"
              .formatted(id, Repetition.ONE_RULE, NearestName.hint(id, known)));
    }
  }

  /** Returns the rules of a kit by id, including those of its parents and nested classes. */
  public static List<RuleInfo> of(Class<? extends PluginConformance<?>> kit) {
    return methods(kit)
        .filter(method -> method.isAnnotationPresent(Rule.class))
        .map(Rules::info)
        .distinct()
        .sorted(Comparator.comparing(RuleInfo::id))
        .toList();
  }

  private static Stream<Method> methods(Class<?> type) {
    if (type == null || type == Object.class) {
      return Stream.of();
    }
    return Stream.of(
            Arrays.stream(type.getDeclaredMethods()),
            Arrays.stream(type.getDeclaredClasses()).flatMap(Rules::methods),
            methods(type.getSuperclass()))
        .flatMap(part -> part);
  }

  /** Returns the rule of a method that has one. */
  static RuleInfo info(Method method) {
    Rule rule = method.getAnnotation(Rule.class);
    Tag tag = method.getAnnotation(Tag.class);
    boolean slow = tag != null && tag.value().equals("slow");
    return new RuleInfo(rule.id(), rule.level(), slow, rule.says(), List.of(rule.checkFirst()));
  }
}
