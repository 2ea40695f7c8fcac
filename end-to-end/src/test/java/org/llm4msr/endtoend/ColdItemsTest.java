package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.runtime.knowledge.vectors.FreshVectors;
import org.llm4msr.serving.compiler.Compiler;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;
import org.llm4msr.serving.ranker.RankerSettings;

/**
 * A shop where each half of the customers likes one kind of item, so that neither a customer nor an
 * item has a rate of its own, and whose newest items training never saw: what it needs is the text
 * of the item with the customer.
 */
class ColdItemsTest {

  private static final int ROWS = 15_000;

  /** Items of the training part, and those that come later. */
  private static final int KNOWN = 40;

  private static final int ALL = 80;

  /** Positives are of the liked kind with 4/5, negatives with 2/7: 4/5 5/7 + (8/35 + 5/35) / 2. */
  private static final double BEST = 53 / 70.0;

  private static final String SUM =
      "  embeddingDeviation: 0.1\n  coldItems: { field: item_id, dropout: 0.1 }";

  @TempDir static Path folder;

  @BeforeAll
  static void write() throws IOException {
    Random random = new Random(5);
    TextShop.writeItems(folder, ALL, item -> (item % 2 == 0 ? "tea" : "lamp") + " number " + item);
    List<String> log = new ArrayList<>(List.of(TextShop.COLUMNS));
    for (int n = 0; n < ROWS; n++) {
      int item = n < ROWS * 5 / 6 ? random.nextInt(KNOWN) : KNOWN + random.nextInt(ALL - KNOWN);
      int user = random.nextInt(40);
      int label = random.nextInt(12) < (user % 2 == item % 2 ? 8 : 2) ? 1 : 0;
      log.add("u%d,i%d,feed,%d,%d".formatted(user, item, label, n));
    }
    Files.write(folder.resolve("log.csv"), log);
  }

  private static Experiment trained(String name, String model) throws IOException {
    Path file = folder.resolve(name + ".yaml");
    String training = "epochs: 4, batchSize: 128, patience: 0, optimizer: { learningRate: 0.005 }";
    Files.writeString(file, TextShop.experiment("work", "log.csv", "", model + "\n", training));
    Experiment experiment = Experiment.fromYaml(file);
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    experiment.train(name, Progress.NONE);
    return experiment;
  }

  private static double auc(Experiment experiment, String name) {
    return experiment.evaluate(name, Split.TEST, null, Progress.NONE).result().overall().auc();
  }

  @Test
  void textsTellWhoLikesAnUnseenItemWhereTheyAreAddedToItsId() throws IOException {
    Experiment experiment = trained("sum", SUM);
    double plain = auc(trained("plain", "  embeddingDeviation: 0.1"), "plain");

    assertThat(auc(experiment, "sum")).isBetween(0.68, BEST + 0.03).isGreaterThan(plain + 0.1);
    assertThat(plain).isEqualTo(0.5, within(0.06));
  }

  /** An item of no table is ranked as the one whose vector it gets; training saw neither's id. */
  @Test
  void aVectorThatIsNewerThanTheBundleIsAddedToo() throws IOException {
    Path bundle = trained("sum", SUM).train("sum", Progress.NONE).bundle();
    Path compiled = folder.resolve("compiled");
    new Compiler(FreshShop.loader()).compile(Bundle.open(bundle), compiled);

    assertRankedByAFreshVector(bundle);
    assertRankedByAFreshVector(compiled);
  }

  private static void assertRankedByAFreshVector(Path bundle) {
    KnowledgeSource texts = Bundle.open(bundle).knowledge().items();
    float[] tea = new float[texts.dimension()];
    assertThat(texts.read("i50", tea)).isTrue();
    RankerSettings settings = RankerSettings.STANDARD.with(new OneFreshItem("new", tea));
    List<RankItem> items =
        List.of(
            new RankItem("new"), new RankItem("other"), new RankItem("i50"), new RankItem("i51"));
    try (Ranker ranker = Ranker.open(bundle, settings, FreshShop.loader())) {
      RankResult found = ranker.rank(new RankRequest("u1", "feed", items));

      assertThat(found.probability(0)).isCloseTo(found.probability(2), within(1e-5f));
      assertThat(found.probability(1)).isNotCloseTo(found.probability(2), within(1e-2f));
      assertThat(found.probability(3)).as("lamps, as 1 is odd").isGreaterThan(found.probability(2));
    }
  }

  private record OneFreshItem(String key, float[] vector) implements FreshVectors {

    @Override
    public boolean has(Level level) {
      return level == Level.ITEM;
    }

    @Override
    public float @Nullable [] of(Level level, String item) {
      return level == Level.ITEM && item.equals(key) ? vector : null;
    }
  }
}
