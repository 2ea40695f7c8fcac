package org.llm4msr.runtime.plugins;

import java.nio.file.Path;
import org.llm4msr.api.knowledge.PromptBuilderFactory;

/** Source and jar of a prompt builder's factory, right unless a test says otherwise. */
public record TestFactory(
    String type, String annotation, String config, String member, String template) {

  /** A factory {@code plug.TYPE} with the name given. */
  public static TestFactory named(String type, String name) {
    String annotation = "@Plugin(name = \"" + name + "\", description = \"Works\")";
    return new TestFactory(type, annotation, "int x", "", "\"\"");
  }

  public TestFactory annotation(String text) {
    return new TestFactory(type, text, config, member, template);
  }

  /** Sets the components of the record {@code Config}. */
  public TestFactory config(String components) {
    return new TestFactory(type, annotation, components, member, template);
  }

  /** Adds to the class. */
  public TestFactory member(String text) {
    return new TestFactory(type, annotation, config, text, template);
  }

  /** Sets the expression that {@code template()} returns. */
  public TestFactory template(String expression) {
    return new TestFactory(type, annotation, config, member, expression);
  }

  public String source() {
    return """
        package plug;
        import java.util.List;
        import org.llm4msr.api.*;
        import org.llm4msr.api.knowledge.*;
        %1$s
        public final class %2$s implements PromptBuilderFactory<%2$s.Config> {
          public record Config(%3$s) {}
          %4$s
          static void boom() { throw new IllegalStateException("boom"); }
          public Class<Config> configType() { return Config.class; }
          public ScenarioPromptBuilder create(Config config, PromptContext context) {
            return new ScenarioPromptBuilder() {
              public List<Prompt> scenarioPrompts(List<ScenarioStatistics> all) {
                return all.stream().map(s -> new Prompt(s.key(), "", List.of(), "", "")).toList();
              }
              public Prompt userPrompt(UserHistory h) { throw new UnsupportedOperationException(); }
              public String template() { return %5$s; }
            };
          }
        }
        """
        .formatted(annotation, type, config, member, template);
  }

  /** Starts the jar with this factory and its services file. */
  public TestJar jar(Path file) {
    return TestJar.at(file)
        .source("plug." + type, source())
        .service(PromptBuilderFactory.class, "plug." + type + "\n");
  }
}
