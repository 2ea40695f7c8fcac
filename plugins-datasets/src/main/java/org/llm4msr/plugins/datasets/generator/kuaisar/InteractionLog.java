package org.llm4msr.plugins.datasets.generator.kuaisar;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.SplittableRandom;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.plugins.datasets.generator.log.BayesAuc;
import org.llm4msr.plugins.datasets.generator.log.LogCounts;
import org.llm4msr.plugins.datasets.generator.log.Topics;
import org.llm4msr.plugins.datasets.generator.log.Weights;

/**
 * Draws requests in order of time and writes their rows, in memory that does not grow with them.
 */
final class InteractionLog {

  private static final String FEED_COLUMNS =
      "user_id,item_id,duration_ms,playing_time,timestamp,forward,like,follow,search_%s_related,"
          + "search,click,time";
  private static final String SMALL_SEARCH_COLUMNS =
      "keyword,item_id,click_cnt,search_session_id,item_type,user_id,search_session_timestamp,"
          + "search_source,search_session_time";
  private static final String FULL_SEARCH_COLUMNS =
      "user_id,search_session_id,search_session_timestamp,search_session_source,keyword,item_id,"
          + "click_cnt,item_type,time";

  /** The beginning of the published log, 2023-05-22 14:50 in Beijing. */
  private static final long START = 1_684_738_200_000L;

  private static final ZoneOffset BEIJING = ZoneOffset.ofHours(8);
  private static final long DAY = 86_400_000L;
  private static final int FEED_POSITIONS = 3;
  private static final int SEARCH_POSITIONS = 5;
  private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");

  /** How strongly requests cluster in the afternoon; a value below 1 keeps time rising. */
  private static final double DAILY_RHYTHM = 0.7;

  private static final long USER_DRAW = 1L << 40;
  private static final long ITEM_DRAW = 1L << 41;

  private final KuaiSarGeneratorConfig config;
  private final Topics topics;
  private final UserPopulation users;
  private final ClickModel model;
  private final List<RawScenario> scenarios;
  private final double[] scenarioSizes;

  /** The end of the training part under the default split by time, 4:1:1. */
  private final long trainingEnd;

  /** The first row of the test part. */
  private final long testBegin;

  private final LogCounts all;
  private final LogCounts last;
  private final LogCounts lastByText;
  private final LogCounts lastNewItems;
  private final LogCounts lastNewUsers;
  private final LogCounts training;
  private final SplittableRandom random;

  InteractionLog(
      KuaiSarGeneratorConfig config,
      Topics topics,
      UserPopulation users,
      ClickModel model,
      List<RawScenario> scenarios) {
    this.config = config;
    this.topics = topics;
    this.users = users;
    this.model = model;
    this.scenarios = scenarios;
    trainingEnd = config.interactions() * 4 / 6;
    testBegin = config.interactions() * 5 / 6;
    scenarioSizes = Weights.zipf(scenarios.size(), config.scenarioSkew());
    List<String> keys = scenarios.stream().map(RawScenario::key).toList();
    all = new LogCounts(keys);
    last = new LogCounts(keys);
    lastByText = new LogCounts(keys);
    lastNewItems = new LogCounts(keys);
    lastNewUsers = new LogCounts(keys);
    training = new LogCounts(keys);
    random = new SplittableRandom(config.seed() + 4);
  }

  /** Returns the counts of all rows. */
  LogCounts all() {
    return all;
  }

  /** Returns the counts of the last sixth by time. */
  LogCounts lastSixth() {
    return last;
  }

  /** Returns the counts of the last sixth, with what the text of an item tells as the truth. */
  LogCounts lastSixthByText() {
    return lastByText;
  }

  /** Returns the counts of the last sixth without the items that the training part has. */
  LogCounts lastSixthOfNewItems() {
    return lastNewItems;
  }

  /** Returns the counts of the last sixth without the users that the training part has. */
  LogCounts lastSixthOfNewUsers() {
    return lastNewUsers;
  }

  /** One request of one user, with the rows that it got. */
  private record Request(int user, int scenario, int query, long time, String clock, long number) {}

  void write(Path folder, Progress progress) throws IOException {
    String feedColumns =
        FEED_COLUMNS.formatted(config.small() ? "item" : "photo")
            + (scenarios.size() > 2 ? ",scenario" : "");
    String searchColumns = config.small() ? SMALL_SEARCH_COLUMNS : FULL_SEARCH_COLUMNS;
    try (CsvFile feeds = new CsvFile(folder.resolve("rec_inter.csv"), feedColumns);
        CsvFile search = new CsvFile(folder.resolve("src_inter.csv"), searchColumns);
        CsvFile truth =
            new CsvFile(
                folder.resolve("truth.csv"),
                "timestamp,user_id,item_id,scenario,label,probability")) {
      long previous = 0;
      long done = 0;
      for (long number = 0; done < config.interactions(); number++) {
        Request request = draw(Math.max(previous + 1, time(done)), number, done);
        previous = request.time();
        int positions = request.scenario() == ClickModel.SEARCH ? SEARCH_POSITIONS : FEED_POSITIONS;
        int rows = (int) Math.min(positions, config.interactions() - done);
        writeRows(request, rows, positions, done, feeds, search, truth);
        done += rows;
        if (number % 2000 == 0) {
          progress.update(done, config.interactions());
        }
      }
      feeds.finish();
      search.finish();
      truth.finish();
      progress.update(done, config.interactions());
    }
  }

  private Request draw(long time, long number, long done) {
    int user = users.draw(random);
    while (done < trainingEnd && isLate(user, config.lateUsers(), USER_DRAW)) {
      user = users.draw(random);
    }
    int scenario = scenarioOfRequest();
    int query = scenario == ClickModel.SEARCH ? model.drawQuery(user, random) : -1;
    String clock = CLOCK.format(LocalDateTime.ofInstant(Instant.ofEpochMilli(time), BEIJING));
    return new Request(user, scenario, query, time, clock, number);
  }

  /** Draws so that the scenarios' rows, not their requests, follow the stated sizes. */
  private int scenarioOfRequest() {
    while (true) {
      int scenario = Weights.draw(scenarioSizes, random);
      int positions = scenario == ClickModel.SEARCH ? SEARCH_POSITIONS : FEED_POSITIONS;
      if (random.nextInt(positions) < Math.min(FEED_POSITIONS, SEARCH_POSITIONS)) {
        return scenario;
      }
    }
  }

  private void writeRows(
      Request request,
      int rows,
      int positions,
      long done,
      CsvFile feeds,
      CsvFile search,
      CsvFile truth)
      throws IOException {
    int[] shown = drawItems(request, rows, done < trainingEnd);
    int[] keyword = request.query() < 0 ? shown : topics.text(request.query(), 2, random);
    double hour = (request.time() + BEIJING.getTotalSeconds() * 1000L) % DAY * 24.0 / DAY;
    for (int position = 0; position < rows; position++) {
      int item = shown[position];
      double logit = model.logit(request.user(), item, request.scenario(), request.query(), hour);
      boolean click = random.nextDouble() < ClickModel.probability(logit, position, positions);
      int probability =
          (int) Math.round(ClickModel.meanProbability(logit, positions) * BayesAuc.UNIT);
      if (request.query() < 0) {
        writeFeedRow(feeds, request, item, click);
      } else {
        writeSearchRow(search, request, keyword, item, click);
      }
      writeTruth(truth, request, item, click, probability);
      all.add(request.user(), item, request.scenario(), probability, click);
      if (done + position < trainingEnd) {
        training.add(request.user(), item, request.scenario(), probability, click);
      }
      if (done + position >= testBegin) {
        countLast(request, item, probability, click);
      }
    }
  }

  private void countLast(Request request, int item, int probability, boolean click) {
    int user = request.user();
    int scenario = request.scenario();
    last.add(user, item, scenario, probability, click);
    double told = ClickModel.probability(model.interest(user, item, scenario) - 1, 0, 1);
    lastByText.add(user, item, scenario, (int) Math.round(told * BayesAuc.UNIT), click);
    if (!training.hasItem(item)) {
      lastNewItems.add(user, item, scenario, probability, click);
    }
    if (!training.hasUser(user)) {
      lastNewUsers.add(user, item, scenario, probability, click);
    }
  }

  /** Returns whether a user or item appears late; no draw of the log depends on it. */
  private boolean isLate(int number, double share, long draw) {
    return share > 0
        && new SplittableRandom(config.seed() + draw + number * 31L).nextDouble() < share;
  }

  /** Draws distinct items, so that user, item and time identify a row. */
  private int[] drawItems(Request request, int rows, boolean early) {
    int[] shown = new int[rows];
    for (int position = 0; position < rows; position++) {
      do {
        shown[position] =
            request.query() < 0
                ? model.drawFeedItem(request.user(), request.scenario(), random)
                : model.drawFoundItem(request.query(), random);
      } while (contains(shown, position, shown[position])
          || (early && isLate(shown[position], config.lateItems(), ITEM_DRAW)));
    }
    return shown;
  }

  private static boolean contains(int[] values, int count, int value) {
    for (int i = 0; i < count; i++) {
      if (values[i] == value) {
        return true;
      }
    }
    return false;
  }

  private void writeFeedRow(CsvFile file, Request request, int item, boolean click)
      throws IOException {
    int duration = 5_000 + random.nextInt(60_000);
    int played = click ? 3_000 + random.nextInt(duration) : random.nextInt(3_000);
    file.field(request.user())
        .field(item)
        .floating(duration)
        .floating(played)
        .floating(request.time())
        .field(drawn(click, 0.01))
        .field(drawn(click, 0.06))
        .field(drawn(click, 0.02))
        .field(0)
        .field(0)
        .field(click ? 1 : 0)
        .field(request.clock());
    if (scenarios.size() > 2) {
      file.field(scenarios.get(request.scenario()).key());
    }
    file.endRow();
  }

  private void writeSearchRow(CsvFile file, Request request, int[] keyword, int item, boolean click)
      throws IOException {
    int clicks = click ? 1 + drawn(true, 0.1) : 0;
    if (config.small()) {
      file.list(keyword)
          .field(item)
          .field(clicks)
          .field(request.number())
          .field("VIDEO")
          .field(request.user())
          .floating(request.time())
          .field("USER_INPUT");
    } else {
      file.field(request.user())
          .field(request.number())
          .floating(request.time())
          .field("USER_INPUT")
          .list(keyword)
          .field(item)
          .field(clicks)
          .field("VIDEO");
    }
    file.field(request.clock()).endRow();
  }

  private void writeTruth(CsvFile file, Request request, int item, boolean click, int probability)
      throws IOException {
    file.field(request.time())
        .field(request.user())
        .field(item)
        .field(scenarios.get(request.scenario()).key())
        .field(click ? 1 : 0)
        .scaled(probability, BayesAuc.DECIMALS)
        .endRow();
  }

  private int drawn(boolean possible, double probability) {
    return random.nextDouble() < probability && possible ? 1 : 0;
  }

  /** Returns the time of a row: evenly paced, then distorted by the rhythm of the day. */
  private long time(long row) {
    double days = (double) config.days() * row / config.interactions();
    double bent = days - DAILY_RHYTHM / (2 * Math.PI) * Math.sin(2 * Math.PI * days);
    return START + (long) (bent * DAY);
  }
}
