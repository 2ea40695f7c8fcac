package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.knowledge.store.StoredLevel;

/** An encoder of a plugin folder, whose answers say where its code and that of the API lie. */
final class PlacedEncoder {

  private static final String SOURCE =
      """
      import java.util.List;
      import org.llm4msr.api.Plugin;
      import org.llm4msr.api.knowledge.*;

      @Plugin(name = "placed", description = "Says where its code lies")
      public final class Placed implements KnowledgeEncoderFactory<Placed.None> {
        public record None() {}
        public Class<None> configType() { return None.class; }
        public KnowledgeEncoder create(None config, EncoderContext context) {
          return new KnowledgeEncoder() {
            public EncoderInfo info() {
              return new EncoderInfo("placed", "1", "0f".repeat(32), "sums", 3, 100_000, false);
            }
            public int countTokens(String text) { return text.length(); }
            public List<Knowledge> encode(List<String> texts) {
              return texts.stream().map(text -> answer(text)).toList();
            }
            private Knowledge answer(String text) {
              float[] sums = {text.length() % 101, text.hashCode() % 1009, text.hashCode() % 31};
              return new Knowledge(sums, place(Placed.class) + " " + place(Plugin.class));
            }
            private String place(Class<?> type) {
              return type.getProtectionDomain().getCodeSource().getLocation().getPath();
            }
            public void close() {}
          };
        }
      }
      """;

  private PlacedEncoder() {}

  /** Puts it into the plugin folder {@code plugins} of a folder. */
  static void install(Path folder) throws IOException {
    PluginSource.install(Files.createDirectories(folder), "Placed", SOURCE);
  }

  /** Compares vectors; returns the answers that the first store has of users and scenarios. */
  static List<String> answers(KnowledgeStore found, KnowledgeStore expected) {
    List<String> texts = new ArrayList<>();
    for (Level level : List.of(Level.USER, Level.SCENARIO)) {
      StoredLevel ours = found.level(level);
      StoredLevel theirs = expected.level(level);
      assertThat(ours.size()).isEqualTo(theirs.size()).isPositive();
      float[] vector = new float[ours.dimension()];
      float[] wanted = new float[theirs.dimension()];
      for (int number = 0; number < theirs.size(); number++) {
        theirs.read(number, wanted);
        assertThat(ours.read(theirs.key(number), vector)).isTrue();
        assertThat(vector).as(theirs.key(number)).isEqualTo(wanted);
        texts.add(ours.text(number));
      }
    }
    return texts;
  }
}
