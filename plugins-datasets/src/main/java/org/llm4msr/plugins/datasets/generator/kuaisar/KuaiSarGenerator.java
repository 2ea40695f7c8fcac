package org.llm4msr.plugins.datasets.generator.kuaisar;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.plugins.datasets.generator.log.GeneratedLabel;
import org.llm4msr.plugins.datasets.generator.log.Topics;

/**
 * Writes a log in the schema of KuaiSAR's full or small release.
 *
 * <p>Beside the published files there are {@code caption_words.csv} (the words behind the integers
 * in captions and keywords), {@code scenarios.csv} (names and descriptions), {@code truth.csv} (the
 * true probability of every row, in order of time), and {@code GENERATED.json}, written last. The
 * published schema has two scenarios; further ones are distinguished by a column {@code scenario}
 * appended to {@code rec_inter.csv}.
 */
final class KuaiSarGenerator implements DatasetGenerator {

  private static final String LOG_FILE = "rec_inter.csv";

  private final KuaiSarGeneratorConfig config;
  private final Path folder;

  KuaiSarGenerator(KuaiSarGeneratorConfig config, Path folder) {
    this.config = config;
    this.folder = folder;
  }

  @Override
  public void generate(Progress progress) throws IOException {
    Files.createDirectories(folder);
    refuseToReplaceOtherData();
    Files.deleteIfExists(folder.resolve(GeneratedLabel.FILE));

    Topics topics = Topics.load(config.topics());
    UserPopulation users = new UserPopulation(config.userCount(), topics, config.seed());
    ItemPopulation items = new ItemPopulation(config.itemCount(), topics, config.seed() + 1);
    Styles styles = new Styles(topics.words().size() + 1, config.seed() + 5);
    ClickModel model = new ClickModel(users, items, topics, styles, config, config.seed() + 2);
    List<RawScenario> scenarios = AppScenarios.of(config.scenarios());

    SideFiles sides =
        new SideFiles(
            folder, config.small(), topics, config.hasStyles() ? styles : null, config.seed() + 3);
    sides.words();
    sides.scenarios(scenarios);
    sides.users(users);
    sides.items(items);
    sides.socialNetwork(users.size());

    InteractionLog log = new InteractionLog(config, topics, users, model, scenarios);
    log.write(folder, progress);
    GeneratedLabel.write(
        folder,
        new GenerationReport(config, topics.size(), users.size(), items.size(), log).toMap());
  }

  private void refuseToReplaceOtherData() {
    if (Files.exists(folder.resolve(LOG_FILE))
        && !Files.exists(folder.resolve(GeneratedLabel.FILE))) {
      throw new MsrException(
          ErrorType.USER,
          "generate/OTHER_DATA",
          "The folder holds a log that was not generated, or whose generation was interrupted: "
              + folder.resolve(LOG_FILE)
              + ". Choose another folder, or delete the file.");
    }
  }
}
