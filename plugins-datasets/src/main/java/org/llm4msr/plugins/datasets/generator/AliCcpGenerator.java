package org.llm4msr.plugins.datasets.generator;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.plugins.datasets.generator.log.DrawnLog;
import org.llm4msr.plugins.datasets.generator.log.LogSizeConfig;
import org.llm4msr.plugins.datasets.generator.log.RowWriter;

/**
 * Writes a log in the schema of Ali-CCP: skeletons whose rows share the features of their user, the
 * last third as the test part. In addition to the requested rows, one in a hundred has a purchase
 * but no click, and the reader leaves it out.
 */
final class AliCcpGenerator implements DatasetGenerator {

  private static final List<String> SCENARIOS = List.of("1", "2", "3");
  private static final List<String> USER_FIELDS =
      List.of("121", "122", "124", "125", "126", "127", "128", "129");
  private static final List<String> USER_LISTS = List.of("109_14", "110_14", "127_14", "150_14");
  private static final List<String> ITEM_FIELDS = List.of("206", "207", "216");
  private static final List<String> NUMBERS = List.of("508", "509", "702", "853");
  private static final int UNCLICKED_EVERY = 100;
  private static final int SECTORS = 16;

  private final LogSizeConfig config;
  private final Path folder;
  private final DrawnLog log;
  private final SplittableRandom random;

  AliCcpGenerator(LogSizeConfig config, Path folder) {
    this.config = config;
    this.folder = folder;
    log = new DrawnLog(config, SCENARIOS, false, 1);
    random = new SplittableRandom(config.seed() + 2);
  }

  @Override
  public void generate(Progress progress) throws IOException {
    users("train");
    users("test");
    long test = config.interactions() * 2 / 3;
    try (RowWriter train = file("sample_skeleton_train");
        RowWriter last = file("sample_skeleton_test")) {
      log.draw(
          Instant.EPOCH,
          Duration.ofDays(1),
          progress,
          row -> {
            RowWriter file = row.number() < test ? train : last;
            int click = row.positive() ? 1 : 0;
            write(file, row.number(), row, click, click * (random.nextInt(20) == 0 ? 1 : 0));
            if (row.number() % UNCLICKED_EVERY == 0) {
              write(file, config.interactions() + row.number(), row, 0, 1);
            }
          });
    }
    log.label(folder, "Ali-CCP", "{ name: ali-ccp, path: ., split: { by: given } }");
  }

  private RowWriter file(String name) throws IOException {
    return new RowWriter(folder.resolve(name + ".csv"), ",");
  }

  private void write(RowWriter file, long sample, DrawnLog.Interaction row, int click, int purchase)
      throws IOException {
    List<String> features = new ArrayList<>();
    features.add(feature("205", row.item()));
    ITEM_FIELDS.forEach(
        field -> features.add(feature(field, log.model().sectorOfItem(row.item(), SECTORS))));
    for (int value = 0; value < row.item() % 3; value++) {
      features.add(feature("210", value));
    }
    features.add(feature("301", SCENARIOS.get(row.scenario())));
    NUMBERS.forEach(
        field ->
            features.add(field + '\u0002' + row.item() + '\u0003' + random.nextInt(50) / 10.0));
    file.row(sample, click, purchase, shared(row.user()), features.size(), joined(features));
  }

  private void users(String part) throws IOException {
    try (RowWriter file = file("common_features_" + part)) {
      for (int user = 0; user < config.users(); user++) {
        int sector = log.model().sectorOfUser(user, SECTORS);
        List<String> features = new ArrayList<>();
        features.add(feature("101", user));
        USER_FIELDS.forEach(field -> features.add(feature(field, sector)));
        for (String field : USER_LISTS) {
          for (int value = 0; value < user % 3; value++) {
            features.add(feature(field, sector + value));
          }
        }
        file.row(shared(user), features.size(), joined(features));
      }
    }
  }

  private static String shared(int user) {
    return "%016x".formatted(0x9E3779B97F4A7C15L * (user + 1));
  }

  private static String feature(String field, Object id) {
    return field + '\u0002' + id + '\u0003' + "1.0";
  }

  private static String joined(List<String> features) {
    return String.join("\u0001", features);
  }
}
