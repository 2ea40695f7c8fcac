package org.llm4msr.plugins.datasets;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.plugins.datasets.published.AliCcpFactory;
import org.llm4msr.plugins.datasets.published.AmazonFactory;
import org.llm4msr.plugins.datasets.published.DoubanFactory;
import org.llm4msr.plugins.datasets.published.KuaiRandFactory;
import org.llm4msr.plugins.datasets.published.KuaiSarFactory;
import org.llm4msr.plugins.datasets.published.MindFactory;
import org.llm4msr.plugins.datasets.published.MovieLensFactory;
import org.llm4msr.plugins.datasets.table.TableFactory;
import org.llm4msr.tck.DatasetReaderConformance;
import org.llm4msr.tck.MalformedRow;

/** The readers of this module keep the rules of the kit. */
class ReaderConformanceTest {

  @Nested
  class Table extends DatasetReaderConformance {
    @Override
    protected DatasetReaderFactory<?> factory() {
      return new TableFactory();
    }

    @Override
    protected List<String> settings() {
      return List.of(
          "files=[log.csv]",
          "scenario=page",
          "time=when",
          "fields=[{column: price, kind: numeric}, {column: tags, kind: multi_categorical}, {name: face, table: users, kind: vector, file: faces.csv}, {name: range, column: price, kind: bucketed, buckets: 4}, {name: hash, column: tags, kind: multi_hashed, buckets: 9}, {name: both, cross: [user_id, range]}]",
          "users={files: [users.csv], key: user, text: [city]}");
    }

    @Override
    protected void write(Path folder, long interactions) throws IOException {
      CsvSource.write(
          folder.resolve("log.csv"),
          "user,item,page,label,when,price,tags",
          interactions,
          i ->
              i % 7
                  + ","
                  + i % 11
                  + ",p"
                  + i % 3
                  + ","
                  + i % 2
                  + ","
                  + (1_000_000 + i)
                  + ","
                  + i
                  + ".5,red|blue");
      CsvSource.write(
          folder.resolve("users.csv"), "user,city", 7, i -> i + (i % 2 == 0 ? ",Paris" : ",Rome"));
      CsvSource.write(folder.resolve("faces.csv"), "user,face", 5, i -> i + ",[0.5 " + i + "]");
    }

    @Override
    protected MalformedRow spoil(Path folder) throws IOException {
      return CsvSource.spoil(folder.resolve("log.csv"), "when");
    }
  }

  /** Interactions have values as of their time. */
  @Nested
  @Tag("slow")
  class TableWithFeatures extends Table {
    @Override
    protected List<String> settings() {
      List<String> settings = new ArrayList<>(super.settings());
      settings.set(
          3,
          "fields=[{column: price, kind: numeric}, {column: visits, kind: numeric}, {column: mood}]");
      settings.add(
          "features=[{files: [visits.csv], key: [user, page], time: at, columns: [visits]}, {files: [moods.csv], key: [name], on: [user], time: at, columns: [mood]}]");
      return settings;
    }

    @Override
    protected void write(Path folder, long interactions) throws IOException {
      super.write(folder, interactions);
      CsvSource.write(
          folder.resolve("visits.csv"),
          "user,page,at,visits",
          interactions,
          i -> i % 7 + ",p" + i % 2 + "," + (1_000_000 + i * 7919 % interactions) + "," + i);
      CsvSource.write(
          folder.resolve("moods.csv"),
          "name,at,mood",
          interactions / 10,
          i -> i % 9 + "," + (1_000_000 + 10 * i) + ",m" + i % 5);
    }

    @Override
    protected long large() {
      return 2_000_000;
    }
  }

  /** The scenario of a row is that of its user. */
  @Nested
  @Tag("slow")
  class TableOfUserScenarios extends Table {
    @Override
    protected List<String> settings() {
      List<String> settings = new ArrayList<>(super.settings());
      settings.remove("scenario=page");
      settings.addAll(List.of("scenario=city", "scenarioTable=users", "missingValues=[NULL]"));
      return settings;
    }
  }

  @Nested
  @Tag("slow")
  class MovieLens extends DatasetReaderConformance {
    @Override
    protected DatasetReaderFactory<?> factory() {
      return new MovieLensFactory();
    }

    @Override
    protected void write(Path folder, long interactions) throws IOException {
      CsvSource.write(
          folder.resolve("ratings.csv"),
          "userId,movieId,rating,timestamp",
          interactions,
          i -> i % 7 + "," + i % 11 + "," + (1 + i % 5) + ".0," + (964_982_703 + i));
      CsvSource.write(
          folder.resolve("movies.csv"),
          "movieId,title,genres",
          11,
          i -> i + ",Film " + i + "," + (i % 2 == 0 ? "Drama|War" : "Comedy"));
    }

    @Override
    protected MalformedRow spoil(Path folder) throws IOException {
      return CsvSource.spoil(folder.resolve("ratings.csv"), "rating");
    }
  }

  @Nested
  class KuaiRand extends DatasetReaderConformance {
    private static final String LOG = "log_standard_4_22_to_5_08_pure.csv";

    @Override
    protected DatasetReaderFactory<?> factory() {
      return new KuaiRandFactory();
    }

    @Override
    protected void write(Path folder, long interactions) throws IOException {
      CsvSource.write(
          folder.resolve(LOG),
          "user_id,video_id,hourmin,time_ms,is_click,tab",
          interactions,
          i ->
              i % 7
                  + ","
                  + i % 11
                  + ",1400,"
                  + (1_650_485_000_000L + i)
                  + ","
                  + i % 2
                  + ","
                  + i % 3);
      CsvSource.write(
          folder.resolve("user_features_pure.csv"),
          "user_id,user_active_degree,is_lowactive_period,is_live_streamer,is_video_author,"
              + "follow_user_num_range,fans_user_num_range,friend_user_num_range,"
              + "register_days_range,"
              + IntStream.range(0, 18)
                  .mapToObj(i -> "onehot_feat" + i)
                  .collect(Collectors.joining(",")),
          7,
          i -> i + ",full_active,0,0,1,0,0,0,500+" + ",1".repeat(18));
      CsvSource.write(
          folder.resolve("video_features_basic_pure.csv"),
          "video_id,author_id,video_type,upload_type,visible_status,music_id,music_type,tag",
          11,
          i -> i + ",5,NORMAL,LongImport,1,9,2,39");
    }

    @Override
    protected MalformedRow spoil(Path folder) throws IOException {
      return CsvSource.spoil(folder.resolve(LOG), "time_ms");
    }
  }

  @Nested
  @Tag("slow")
  class KuaiSar extends DatasetReaderConformance {
    @Override
    protected DatasetReaderFactory<?> factory() {
      return new KuaiSarFactory();
    }

    /** A quarter of the interactions are searches, each of a session of its own. */
    @Override
    protected void write(Path folder, long interactions) throws IOException {
      long searches = interactions / 4;
      CsvSource.write(
          folder.resolve("rec_inter.csv"),
          "user_id,item_id,duration_ms,playing_time,timestamp,forward,like,follow,"
              + "search_item_related,search,click,time",
          interactions - searches,
          i ->
              i % 7
                  + ","
                  + i % 11
                  + ",5000.0,100.0,"
                  + (1_684_738_400_000L + i)
                  + ",0,0,0,0,0,"
                  + i % 2
                  + ",2023-05-22 14:53:20");
      CsvSource.write(
          folder.resolve("src_inter.csv"),
          "keyword,item_id,click_cnt,search_session_id,item_type,user_id,"
              + "search_session_timestamp,search_source,search_session_time",
          searches,
          i ->
              "\"[20, 34]\","
                  + i % 11
                  + ","
                  + i % 2
                  + ","
                  + i
                  + ",VIDEO,"
                  + i % 7
                  + ","
                  + (1_684_738_500_000L + i)
                  + ",USER_INPUT,2023-05-22 14:55:00");
      CsvSource.write(
          folder.resolve("user_features.csv"),
          "user_id,search_active_level,rec_active_level,onehot_feat1,onehot_feat2",
          7,
          i -> i + ",2,3,0,7");
      CsvSource.write(
          folder.resolve("item_features.csv"),
          "item_id,caption,author_id,item_type,upload_time,upload_type,music_id,"
              + "first_level_category_id,first_level_category_name,second_level_category_id,"
              + "second_level_category_name,third_level_category_id,third_level_category_name,"
              + "fourth_level_category_id,fourth_level_category_name,"
              + "first_level_category_name_en,second_level_category_name_en,"
              + "third_level_category_name_en,fourth_level_category_name_en",
          11,
          i -> i + ",\"[4, 5]\",7,NORMAL,2023-05-01,ShortImport,9,1,a,2,b,3,c,4,d,Film,Drama,e,f");
    }

    @Override
    protected MalformedRow spoil(Path folder) throws IOException {
      return CsvSource.spoil(folder.resolve("rec_inter.csv"), "timestamp");
    }
  }

  @Nested
  class Amazon extends DatasetReaderConformance {
    private static final String REVIEWS = "reviews_Beauty_5.json";

    @Override
    protected DatasetReaderFactory<?> factory() {
      return new AmazonFactory();
    }

    /** A third of the interactions are ratings of a second category. */
    @Override
    protected void write(Path folder, long interactions) throws IOException {
      long ratings = interactions / 3;
      JsonSource.write(
          folder.resolve(REVIEWS),
          interactions - ratings,
          i ->
              "{\"reviewerID\": \"A%d\", \"asin\": \"P%d\", \"overall\": %d.0, \"unixReviewTime\": %d}"
                  .formatted(i % 7, i % 11, 1 + i % 5, 1_393_545_600 + i));
      CsvSource.write(
          folder.resolve("ratings_Toys.csv"),
          "A0,P0,5.0,1393545600",
          ratings - 1,
          i -> "A%d,P%d,%d.0,%d".formatted(i % 7, i % 11, 1 + i % 5, 1_393_545_600 + i));
      JsonSource.write(
          folder.resolve("meta_Beauty.json"),
          11,
          i ->
              "{'asin': 'P%d', 'title': 'No. %d', 'brand': 'B', 'categories': [['Beauty']]}"
                  .formatted(i, i));
    }

    @Override
    protected MalformedRow spoil(Path folder) throws IOException {
      return JsonSource.spoil(folder.resolve(REVIEWS), "overall");
    }
  }

  /** The parts of the benchmark of 2023. */
  @Nested
  @Tag("slow")
  class AmazonInParts extends DatasetReaderConformance {
    @Override
    protected DatasetReaderFactory<?> factory() {
      return new AmazonFactory();
    }

    @Override
    protected List<String> settings() {
      return List.of("parts=true", "history=true", "sharedHistory=true");
    }

    @Override
    protected void write(Path folder, long interactions) throws IOException {
      long late = interactions / 6;
      part(folder.resolve("5core/last_out_w_his/Toys.train.csv"), interactions - 2 * late);
      part(folder.resolve("5core/last_out_w_his/Toys.valid.csv"), late);
      part(folder.resolve("5core/last_out_w_his/Toys.test.csv"), late);
    }

    private void part(Path file, long rows) throws IOException {
      CsvSource.write(
          file,
          "user_id,parent_asin,rating,timestamp,history",
          rows,
          i -> "A%d,P%d,%d.0,%d,P1 P2".formatted(i % 7, i % 11, 1 + i % 5, 1_452_647_382_000L + i));
    }

    @Override
    protected MalformedRow spoil(Path folder) throws IOException {
      return CsvSource.spoil(folder.resolve("5core/last_out_w_his/Toys.train.csv"), "rating");
    }
  }

  @Nested
  @Tag("slow")
  class Douban extends DatasetReaderConformance {
    @Override
    protected DatasetReaderFactory<?> factory() {
      return new DoubanFactory();
    }

    /** Half of the interactions are of books, half of music. */
    @Override
    protected void write(Path folder, long interactions) throws IOException {
      long books = interactions / 2;
      String rest = "\t\"4\"\t\"2010-01-02\"";
      LongFunction<String> review = i -> "\"" + i % 7 + "\"\t\"" + i % 11 + "\"" + rest;
      CsvSource.write(
          folder.resolve("bookreviews_cleaned.txt"),
          "\"user_id\"\t\"book_id\"\t\"rating\"\t\"time\"",
          books,
          review);
      CsvSource.write(
          folder.resolve("musicreviews_cleaned.txt"),
          "\"user_id\"\t\"music_id\"\t\"rating\"\t\"time\"",
          interactions - books,
          review);
      CsvSource.write(
          folder.resolve("users_cleaned.txt"),
          "\"UID\"\t\"living_place\"\t\"join_time\"",
          7,
          i -> "\"" + i + "\"\t\"Bath\"\t\"2008-01-03\"");
      CsvSource.write(
          folder.resolve("books_cleaned.txt"),
          "\"UID\"\t\"name\"",
          11,
          i -> "\"" + i + "\"\t\"No. " + i + "\"");
    }

    @Override
    protected MalformedRow spoil(Path folder) throws IOException {
      Path file = folder.resolve("bookreviews_cleaned.txt");
      List<String> lines = new ArrayList<>(Files.readAllLines(file));
      lines.set(6, lines.get(6).replace("\"4\"", "\"soon\""));
      Files.write(file, lines);
      return new MalformedRow("bookreviews_cleaned.txt", 7, "rating", "soon");
    }
  }

  @Nested
  class Mind extends DatasetReaderConformance {
    @Override
    protected DatasetReaderFactory<?> factory() {
      return new MindFactory();
    }

    /** Three impressions a line; half of them in the development part. */
    @Override
    protected void write(Path folder, long interactions) throws IOException {
      long late = interactions / 6;
      part(folder.resolve("MINDsmall_train"), (interactions - 3 * late - 3) / 3, interactions % 3);
      part(folder.resolve("MINDsmall_dev"), late - 1, 0);
    }

    private void part(Path part, long further, long more) throws IOException {
      Files.createDirectories(part);
      CsvSource.write(
          part.resolve("behaviors.tsv"),
          "0\tU0\t11/11/2019 9:05:58 AM\tN1\tN0-1 N1-0 N2-0" + " N3-1".repeat((int) more),
          further,
          i -> i + "\tU" + i % 7 + "\t11/11/2019 9:05:58 AM\tN1\tN" + i % 11 + "-1 N1-0 N2-0");
      CsvSource.write(
          part.resolve("news.tsv"),
          "N0\tnews\tworld\tTitle\t\t\t[]\t[]",
          10,
          i -> "N" + (i + 1) + "\tsports\tgolf\tTitle\t\t\t[]\t[]");
    }

    @Override
    protected MalformedRow spoil(Path folder) throws IOException {
      Path file = folder.resolve("MINDsmall_train/behaviors.tsv");
      List<String> lines = new ArrayList<>(Files.readAllLines(file));
      lines.set(2, lines.get(2).replace("11/11/2019", "soon"));
      Files.write(file, lines);
      return new MalformedRow("behaviors.tsv", 3, "time", "soon");
    }
  }

  /** With parts and all that is read on request. */
  @Nested
  @Tag("slow")
  class MindInParts extends Mind {
    @Override
    protected List<String> settings() {
      return List.of("parts=true", "history=true", "abstracts=true", "entities=true", "past=true");
    }
  }

  @Nested
  @Tag("slow")
  class AliCcp extends DatasetReaderConformance {
    private static final String SKELETON = "sample_skeleton_train.csv";

    @Override
    protected DatasetReaderFactory<?> factory() {
      return new AliCcpFactory();
    }

    @Override
    protected List<String> settings() {
      return List.of("labels=[purchase]");
    }

    @Override
    protected void write(Path folder, long interactions) throws IOException {
      LongFunction<String> row =
          i ->
              "%d,%d,%d,k%d,2,205\u0002I%d\u00031.0\u0001301\u0002S%d\u00031.0"
                  .formatted(i, i % 2, i % 6 == 1 ? 1 : 0, i % 7, i % 11, i % 3);
      JsonSource.write(folder.resolve(SKELETON), interactions - 1, row);
      JsonSource.write(folder.resolve("sample_skeleton_test.csv"), 1, row);
      for (String part : List.of("train", "test")) {
        JsonSource.write(
            folder.resolve("common_features_" + part + ".csv"),
            7,
            i -> "k%d,1,101\u0002U%d\u00031.0".formatted(i, i));
      }
    }

    @Override
    protected MalformedRow spoil(Path folder) throws IOException {
      Path file = folder.resolve(SKELETON);
      List<String> lines = new ArrayList<>(Files.readAllLines(file));
      lines.set(6, lines.get(6).replace("6,0,0,", "6,soon,0,"));
      Files.write(file, lines);
      return new MalformedRow(SKELETON, 7, "click", "soon");
    }
  }
}
