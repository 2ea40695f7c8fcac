package org.llm4msr.plugins.datasets.generator;

import static org.llm4msr.plugins.datasets.generator.log.RowWriter.quoted;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.plugins.datasets.generator.log.BayesAuc;
import org.llm4msr.plugins.datasets.generator.log.DrawnLog;
import org.llm4msr.plugins.datasets.generator.log.ItemTexts;
import org.llm4msr.plugins.datasets.generator.log.RowWriter;
import org.llm4msr.plugins.datasets.generator.log.Topics;

/**
 * Writes a log in the schema of KuaiRand: standard logs, one of random exposure, users, videos and
 * their statistics, and on request captions and categories of videos. The logs of 27k have two
 * parts, its statistics three.
 */
final class KuaiRandGenerator implements DatasetGenerator {

  private static final List<String> TABS = List.of("1", "0", "4", "2", "6");
  private static final String LOG_COLUMNS =
      "user_id,video_id,date,hourmin,time_ms,is_click,is_like,is_follow,is_comment,is_forward,"
          + "is_hate,long_view,play_time_ms,duration_ms,profile_stay_time,comment_stay_time,"
          + "is_profile_enter,is_rand,tab";
  private static final String USER_COLUMNS =
      "user_id,user_active_degree,is_lowactive_period,is_live_streamer,is_video_author,"
          + "follow_user_num,follow_user_num_range,fans_user_num,fans_user_num_range,"
          + "friend_user_num,friend_user_num_range,register_days,register_days_range,onehot_feat0,"
          + "onehot_feat1,onehot_feat2,onehot_feat3,onehot_feat4,onehot_feat5,onehot_feat6,"
          + "onehot_feat7,onehot_feat8,onehot_feat9,onehot_feat10,onehot_feat11,onehot_feat12,"
          + "onehot_feat13,onehot_feat14,onehot_feat15,onehot_feat16,onehot_feat17";
  private static final String VIDEO_COLUMNS =
      "video_id,author_id,video_type,upload_dt,upload_type,visible_status,video_duration,"
          + "server_width,server_height,music_id,music_type,tag";
  private static final String STATISTIC_COLUMNS =
      "video_id,counts,show_cnt,show_user_num,play_cnt,play_user_num,play_duration,"
          + "complete_play_cnt,complete_play_user_num,valid_play_cnt,valid_play_user_num,"
          + "long_time_play_cnt,long_time_play_user_num,short_time_play_cnt,"
          + "short_time_play_user_num,play_progress,comment_stay_duration,like_cnt,like_user_num,"
          + "click_like_cnt,double_click_cnt,cancel_like_cnt,cancel_like_user_num,comment_cnt,"
          + "comment_user_num,direct_comment_cnt,reply_comment_cnt,delete_comment_cnt,"
          + "delete_comment_user_num,comment_like_cnt,comment_like_user_num,follow_cnt,"
          + "follow_user_num,cancel_follow_cnt,cancel_follow_user_num,share_cnt,share_user_num,"
          + "download_cnt,download_user_num,report_cnt,report_user_num,reduce_similar_cnt,"
          + "reduce_similar_user_num,collect_cnt,collect_user_num,cancel_collect_cnt,"
          + "cancel_collect_user_num,direct_comment_user_num,reply_comment_user_num,"
          + "share_all_cnt,share_all_user_num,outsite_share_all_cnt";
  private static final String CAPTION_COLUMNS = "final_video_id,caption,show_cover_text,duration";
  private static final String CATEGORY_COLUMNS =
      "final_video_id,first_level_category_id,first_level_category_name,first_level_category_prob,"
          + "second_level_category_id,second_level_category_name,second_level_category_prob,"
          + "third_level_category_id,third_level_category_name,third_level_category_prob,"
          + "fourth_level_category_id,fourth_level_category_name,fourth_level_category_prob";
  private static final String UNKNOWN_LEVEL = "-124.0,UNKNOWN,0.0";
  private static final ZoneOffset BEIJING = ZoneOffset.ofHours(8);
  private static final Instant BEGIN = LocalDate.of(2022, 4, 8).atStartOfDay(BEIJING).toInstant();
  private static final long SECOND_PERIOD =
      LocalDate.of(2022, 4, 22).atStartOfDay(BEIJING).toInstant().toEpochMilli();
  private static final Duration SPAN = Duration.ofDays(31);
  private static final int RANDOM_EVERY = 20;
  private static final int SECTORS = 16;

  private final KuaiRandGeneratorConfig config;
  private final Path folder;
  private final DrawnLog log;
  private final SplittableRandom random;

  KuaiRandGenerator(KuaiRandGeneratorConfig config, Path folder) {
    this.config = config;
    this.folder = folder;
    log = new DrawnLog(config.size(), TABS, false, 1);
    random = new SplittableRandom(config.seed() + 2);
  }

  @Override
  public void generate(Progress progress) throws IOException {
    Files.createDirectories(folder.resolve("data"));
    users();
    videos();
    statistics();
    if (config.captions()) {
      captions();
      categories();
    }
    int parts = config.release().equals("27k") ? 2 : 1;
    List<RowWriter> standard = new ArrayList<>();
    try (RowWriter other = file("log_random_4_22_to_5_08_", "", LOG_COLUMNS)) {
      for (String period : List.of("4_08_to_4_21_", "4_22_to_5_08_")) {
        for (int part = 1; part <= parts; part++) {
          String end = parts == 1 ? "" : "_part" + part;
          standard.add(file("log_standard_" + period, end, LOG_COLUMNS));
        }
      }
      log.draw(
          BEGIN,
          SPAN,
          progress,
          row -> {
            int period = row.time() < SECOND_PERIOD ? 0 : 1;
            write(standard.get(period * parts + (int) (row.number() % parts)), row, 0);
            if (period == 1 && row.number() % RANDOM_EVERY == 0) {
              write(other, exposed(row), 1);
            }
          });
    } finally {
      for (RowWriter file : standard) {
        file.close();
      }
    }
    log.label(folder, "KuaiRand-" + config.release(), "{ name: kuairand, path: . }");
  }

  private RowWriter file(String begin, String end, String columns) throws IOException {
    Path file = folder.resolve("data/" + begin + config.release() + end + ".csv");
    return new RowWriter(file, ",").row(columns);
  }

  /** Returns a row of the same moment whose video is drawn uniformly. */
  private DrawnLog.Interaction exposed(DrawnLog.Interaction row) {
    int video = random.nextInt(config.items());
    int probability = log.model().probability(row.user(), video, row.scenario());
    boolean click = random.nextInt(BayesAuc.UNIT) < probability;
    return new DrawnLog.Interaction(
        row.number(), row.user(), video, row.scenario(), row.time(), click);
  }

  private void write(RowWriter file, DrawnLog.Interaction row, int isRandom) throws IOException {
    ZonedDateTime time = Instant.ofEpochMilli(row.time()).atZone(BEIJING);
    int date = time.getYear() * 10_000 + time.getMonthValue() * 100 + time.getDayOfMonth();
    int click = row.positive() ? 1 : 0;
    int duration = 5_000 + random.nextInt(60_000);
    file.row(
        row.user(),
        row.item(),
        date,
        time.getHour() * 100,
        row.time(),
        click,
        click * random.nextInt(2),
        0,
        0,
        0,
        0,
        click * random.nextInt(2),
        click * random.nextInt(duration),
        duration,
        0,
        0,
        0,
        isRandom,
        TABS.get(row.scenario()));
  }

  private void users() throws IOException {
    String[] degrees = {"full_active", "high_active", "middle_active", "UNKNOWN"};
    try (RowWriter file = file("user_features_", "", USER_COLUMNS)) {
      for (int user = 0; user < config.users(); user++) {
        List<Object> row = new ArrayList<>(List.of(user, degrees[random.nextInt(4)], 0));
        row.add(random.nextInt(10) == 0 ? -124 : 0); // The publisher's mark of a missing value.
        row.add(random.nextInt(2));
        for (int count = 0; count < 3; count++) {
          row.addAll(List.of(1 + random.nextInt(10), quoted("(0,10]")));
        }
        row.addAll(List.of(400 + random.nextInt(100), "366-730"));
        for (int feature = 0; feature < 18; feature++) {
          int value = feature == 0 ? log.model().sectorOfUser(user, SECTORS) : random.nextInt(5);
          boolean floating = feature == 4 || feature >= 12;
          row.add(!floating ? value : value == 0 ? "" : value + ".0");
        }
        file.row(row.toArray());
      }
    }
  }

  private void videos() throws IOException {
    try (RowWriter file = file("video_features_basic_", "", VIDEO_COLUMNS)) {
      for (int video = 0; video < config.items(); video++) {
        int tag = log.model().sectorOfItem(video, SECTORS);
        int kind = random.nextInt(10);
        file.row(
            video,
            tag * 100 + random.nextInt(100),
            kind == 0 ? "AD" : "NORMAL",
            "2022-03-" + (10 + random.nextInt(20)),
            kind == 1 ? "UNKNOWN" : "ShortImport",
            "1.0",
            kind == 2 ? "" : 5_000 + random.nextInt(60_000) + ".0",
            "720.0",
            "1280.0",
            random.nextInt(1_000) + ".0",
            "9.0",
            kind == 3 ? "" : kind < 6 ? tag : quoted(tag + "," + (SECTORS + kind)));
      }
    }
  }

  private void statistics() throws IOException {
    int parts = config.release().equals("27k") ? 3 : 1;
    int columns = STATISTIC_COLUMNS.split(",").length;
    for (int part = 0; part < parts; part++) {
      String end = parts == 1 ? "" : "_part" + (part + 1);
      try (RowWriter file = file("video_features_statistic_", end, STATISTIC_COLUMNS)) {
        for (int video = part; video < config.items(); video += parts) {
          Object[] row = new Object[columns];
          Arrays.setAll(row, column -> random.nextInt(1_000) / 10.0);
          row[0] = video;
          file.row(row);
        }
      }
    }
  }

  /** Writes the captions; every tenth video has none, and every other no text on its cover. */
  private void captions() throws IOException {
    ItemTexts texts = new ItemTexts(log.model(), config.seed());
    Path target = folder.resolve("data/kuairand_video_captions.csv");
    try (RowWriter file = new RowWriter(target, ",").row(CAPTION_COLUMNS)) {
      for (int video = 0; video < config.items(); video++) {
        String caption = video % 10 == 9 ? "" : quoted("#" + texts.title(video) + ", \"again\"");
        String cover = video % 2 == 1 ? "" : quoted("See " + texts.topic(video).name());
        file.row(video, caption, cover, 5_000 + video % 60_000 + ".0");
      }
    }
  }

  /** Writes the categories; the two lower levels are unknown. */
  private void categories() throws IOException {
    ItemTexts texts = new ItemTexts(log.model(), config.seed());
    Path target = folder.resolve("data/kuairand_video_categories.csv");
    try (RowWriter file = new RowWriter(target, ",").row(CATEGORY_COLUMNS)) {
      for (int video = 0; video < config.items(); video++) {
        Topics.Topic topic = texts.topic(video);
        file.row(
            video,
            topic.domainId() + 1 + ".0",
            quoted(topic.domain()),
            "0.99",
            101 + texts.topicId(video) + ".0",
            quoted(topic.name()),
            "0.9",
            UNKNOWN_LEVEL,
            UNKNOWN_LEVEL);
      }
    }
  }
}
