package org.llm4msr.plugins.datasets.generator.kuaisar;

import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.plugins.datasets.generator.log.Topics;

/** Writes all files but the log: users, items, words, scenarios. */
final class SideFiles {

  private static final String CATEGORIES =
      "first_level_category_id,first_level_category_name,second_level_category_id,"
          + "second_level_category_name,third_level_category_id,third_level_category_name,"
          + "fourth_level_category_id,fourth_level_category_name";
  private static final String ENGLISH =
      "first_level_category_name_en,second_level_category_name_en,third_level_category_name_en,"
          + "fourth_level_category_name_en";
  private static final String ITEM = "caption,author_id,item_type,upload_time,upload_type";
  private static final String FULL_ITEM_COLUMNS =
      String.join(",", "item_id", CATEGORIES, ITEM, ENGLISH);
  private static final String SMALL_ITEM_COLUMNS =
      String.join(",", "item_id", ITEM, "music_id", CATEGORIES, ENGLISH);

  private static final LocalDate LAST_UPLOAD = LocalDate.of(2023, 5, 21);
  private static final int SUBTOPICS = 4;
  private static final int MUSIC = 1000;
  private static final int ITEMS_OF_AN_AUTHOR = 6;
  private static final int ONEHOT_1 = 3;
  private static final int ONEHOT_2 = 8;
  private static final double TELLING_USER_FEATURE = 0.25;
  private static final List<String> UPLOAD_TYPES = List.of("ShortImport", "LongImport", "Kmovie");

  private final Path folder;
  private final boolean small;
  private final Topics topics;
  private final @Nullable Styles styles;
  private final SplittableRandom random;

  /**
   * Makes what writes files.
   *
   * @param styles null where items have none
   */
  SideFiles(Path folder, boolean small, Topics topics, @Nullable Styles styles, long seed) {
    this.folder = folder;
    this.small = small;
    this.topics = topics;
    this.styles = styles;
    random = new SplittableRandom(seed);
  }

  void words() throws IOException {
    try (CsvFile file = new CsvFile(folder.resolve("caption_words.csv"), "word_id,word")) {
      int id = 0;
      for (String word : topics.words()) {
        file.field(++id).field(word).endRow();
      }
      for (String word : styles == null ? List.<String>of() : styles.words()) {
        file.field(++id).field(word).endRow();
      }
      file.finish();
    }
  }

  void scenarios(List<RawScenario> scenarios) throws IOException {
    String header = "scenario,name,description";
    try (CsvFile file = new CsvFile(folder.resolve("scenarios.csv"), header)) {
      for (RawScenario scenario : scenarios) {
        file.field(scenario.key()).field(scenario.name()).field(scenario.description()).endRow();
      }
      file.finish();
    }
  }

  void users(UserPopulation users) throws IOException {
    String onehot = "onehot_feat1,onehot_feat2";
    String levels = "search_active_level,rec_active_level";
    String header = "user_id," + (small ? levels + "," + onehot : onehot + "," + levels);
    try (CsvFile file = new CsvFile(folder.resolve("user_features.csv"), header)) {
      for (int user = 0; user < users.size(); user++) {
        boolean telling = random.nextDouble() < TELLING_USER_FEATURE;
        int first = random.nextInt(ONEHOT_1);
        int second = telling ? users.home(user) : random.nextInt(ONEHOT_2);
        int search = random.nextInt(4);
        int feeds = random.nextInt(4);
        file.field(user);
        if (small) {
          file.field(search).field(feeds).field(first).field(second).endRow();
        } else {
          file.field(first).field(second).field(search).field(feeds).endRow();
        }
      }
      file.finish();
    }
  }

  void items(ItemPopulation items) throws IOException {
    String header = small ? SMALL_ITEM_COLUMNS : FULL_ITEM_COLUMNS;
    try (CsvFile file = new CsvFile(folder.resolve("item_features.csv"), header)) {
      int authors = Math.max(1, items.size() / ITEMS_OF_AN_AUTHOR / topics.size());
      for (int item = 0; item < items.size(); item++) {
        int topicId = items.topic(item);
        Topics.Topic topic = topics.get(topicId);
        int third = random.nextInt(SUBTOPICS);
        int fourth = SUBTOPICS + 2 * third + random.nextInt(2);
        String[] names = {
          topic.domain(), topic.name(), name(topic.words()[third]), name(topic.words()[fourth])
        };
        int[] ids = {
          topic.domainId() + 1, topicId + 1, topicId * 100 + third + 1, topicId * 100 + fourth + 1
        };
        file.field(item);
        if (small) {
          item(file, item, topicId, authors);
          file.field(1 + item % MUSIC);
          categories(file, ids, names);
        } else {
          categories(file, ids, names);
          item(file, item, topicId, authors);
        }
        for (String name : names) {
          file.field(name);
        }
        file.endRow();
      }
      file.finish();
    }
  }

  private static void categories(CsvFile file, int[] ids, String[] names) throws IOException {
    for (int level = 0; level < ids.length; level++) {
      file.field(ids[level]).field(names[level]);
    }
  }

  private void item(CsvFile file, int item, int topicId, int authors) throws IOException {
    int[] caption = topics.text(topicId, 5 + random.nextInt(4), random);
    file.list(
            styles == null
                ? caption
                : IntStream.concat(IntStream.of(caption), IntStream.of(styles.text(item)))
                    .toArray())
        .field(topicId * (long) authors + random.nextInt(authors) + 1)
        .field("NORMAL")
        .field(LAST_UPLOAD.minusDays(random.nextInt(60)).toString())
        .field(UPLOAD_TYPES.get(random.nextInt(UPLOAD_TYPES.size())));
  }

  void socialNetwork(int users) throws IOException {
    String header = "user_id,user_follow_id";
    try (CsvFile file = new CsvFile(folder.resolve("social_network.csv"), header)) {
      for (int i = 0; i < users / 40; i++) {
        file.field(random.nextInt(users)).field(random.nextInt(users)).endRow();
      }
      file.finish();
    }
  }

  private String name(int word) {
    String text = topics.word(word);
    return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }
}
