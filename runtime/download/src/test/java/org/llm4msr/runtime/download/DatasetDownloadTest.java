package org.llm4msr.runtime.download;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.download.DatasetDownload.Result;
import org.llm4msr.runtime.download.PublishedDataset.Checksum;
import org.llm4msr.runtime.download.PublishedDataset.PublishedFile;

/** Downloads from a server on this machine that does what bad servers do. */
class DatasetDownloadTest {

  private static final String RATINGS = "user,item\n1,2\n";

  @TempDir Path folder;
  private HttpServer server;
  private ExecutorService threads;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
  private final DatasetDownload download =
      new DatasetDownload(ProxySelector.of(null), Duration.ofSeconds(1));

  private interface Answer {
    void send(HttpExchange exchange) throws IOException;
  }

  @BeforeEach
  void start() throws IOException {
    server =
        HttpServer.create(
            new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0), 0);
    threads = Executors.newCachedThreadPool();
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            String range = exchange.getRequestHeaders().getFirst("Range");
            String path = exchange.getRequestURI().getPath();
            requests.add(path + (range == null ? "" : " " + range));
            answers
                .getOrDefault(path, unknown -> unknown.sendResponseHeaders(404, -1))
                .send(exchange);
          }
        });
    server.start();
  }

  @AfterEach
  void stop() {
    ended.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private String address(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  /** Answers with a file, and with the part of it that is asked for. */
  private static Answer file(byte[] content) {
    return exchange -> {
      String range = exchange.getRequestHeaders().getFirst("Range");
      int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
      if (from > 0) {
        exchange
            .getResponseHeaders()
            .set(
                "Content-Range",
                "bytes %d-%d/%d".formatted(from, content.length - 1, content.length));
      }
      exchange.sendResponseHeaders(from > 0 ? 206 : 200, content.length - from);
      exchange.getResponseBody().write(content, from, content.length - from);
    };
  }

  private static Answer text(String text) {
    return file(text.getBytes(UTF_8));
  }

  /** Ends before the length that was announced. */
  private static Answer cut(byte[] content, int at) {
    return exchange -> {
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content, 0, at);
      exchange.getResponseBody().flush();
      exchange.close();
    };
  }

  private void inTurn(String path, Answer... turns) {
    List<Answer> left = Collections.synchronizedList(new ArrayList<>(List.of(turns)));
    answers.put(path, exchange -> (left.size() > 1 ? left.remove(0) : left.get(0)).send(exchange));
  }

  private static byte[] zip(String... namesAndTexts) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (int i = 0; i < namesAndTexts.length; i += 2) {
        zip.putNextEntry(new ZipEntry(namesAndTexts[i]));
        zip.write(namesAndTexts[i + 1].getBytes(UTF_8));
      }
    }
    return bytes.toByteArray();
  }

  private static byte[] ratings() throws IOException {
    byte[] noise = new byte[300_000];
    new Random(3).nextBytes(noise);
    return zip("ml/ratings.csv", RATINGS, "ml/noise.bin", HexFormat.of().formatHex(noise));
  }

  private static String md5(byte[] content) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(content));
  }

  private static PublishedDataset dataset(PublishedFile file) {
    return new PublishedDataset(
        "ml", "Films", "movielens", "page", "none", List.of(), List.of(file), null);
  }

  private PublishedFile zipFile(@Nullable Long bytes, @Nullable String md5) {
    return new PublishedFile(address("/ml.zip"), bytes, md5, null, "ml/", null);
  }

  private Result load(PublishedFile file) {
    return download.load(dataset(file), List.of(), "none", folder.resolve("out"), Progress.NONE);
  }

  private List<String> content() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("out"))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void unpacksWhatIsRightAndNeverLoadsItTwice() throws Exception {
    byte[] zip = ratings();
    answers.put("/ml.zip", file(zip));

    Result first = load(zipFile((long) zip.length, md5(zip)));
    Result second = load(zipFile((long) zip.length, md5(zip)));

    assertThat(folder.resolve("out/ratings.csv")).hasContent(RATINGS);
    assertThat(content()).containsExactly(".download.json", "noise.bin", "ratings.csv");
    assertThat(first.receipt().files().get(0).md5()).isEqualTo(md5(zip));
    assertThat(first.receipt().files().get(0).verified()).isEqualTo("md5");
    assertThat(second.reused()).isTrue();
    assertThat(second.receipt()).isEqualTo(first.receipt());
    assertThat(requests).containsExactly("/ml.zip");
  }

  @Test
  void goesOnWhereAnAnswerWasCut() throws Exception {
    byte[] zip = ratings();
    inTurn("/ml.zip", cut(zip, 100_000), file(zip));

    load(zipFile((long) zip.length, md5(zip)));

    assertThat(folder.resolve("out/ratings.csv")).hasContent(RATINGS);
    assertThat(requests).hasSize(2);
    assertThat(requests.get(1)).startsWith("/ml.zip bytes=").isNotEqualTo("/ml.zip bytes=0-");
  }

  @Test
  void goesOnAfterAProcessThatWasKilled() throws Exception {
    byte[] zip = ratings();
    Path place = Files.createDirectories(folder.resolve("out/.download"));
    Files.write(place.resolve("ml.zip.incomplete"), Arrays.copyOf(zip, 50_000));
    answers.put("/ml.zip", file(zip));

    load(zipFile((long) zip.length, md5(zip)));

    assertThat(requests).containsExactly("/ml.zip bytes=50000-");
    assertThat(content()).containsExactly(".download.json", "noise.bin", "ratings.csv");
  }

  @Test
  void goesOnWithWhatWasBegunAlone() throws Exception {
    byte[] zip = ratings();
    Path place = Files.createDirectories(folder.resolve("out/.download"));
    Files.writeString(
        place.resolve(".job.json"), "{\"name\": \"other\", \"categories\": [\"Books\"]}");
    assertThatThrownBy(() -> load(zipFile((long) zip.length, md5(zip))))
        .hasMessage(
            "[download/FOLDER] %s holds an unfinished download of other [Books]. Request the"
                + " same or more, remove the folder, or choose another one with --out.",
            folder.resolve("out"));
    assertThat(requests).isEmpty();
  }

  /** A server without ranges sends all again. */
  @Test
  void beginsAgainWhereTheServerDoes() throws Exception {
    byte[] zip = ratings();
    inTurn(
        "/ml.zip",
        cut(zip, 100_000),
        exchange -> {
          exchange.sendResponseHeaders(200, zip.length);
          exchange.getResponseBody().write(zip);
        });

    load(zipFile((long) zip.length, md5(zip)));

    assertThat(folder.resolve("out/ratings.csv")).hasContent(RATINGS);
  }

  @Test
  void refusesAnotherChecksum() throws Exception {
    byte[] zip = ratings();
    answers.put("/ml.zip", file(zip));
    String other = "0".repeat(32);

    assertThatThrownBy(() -> load(zipFile((long) zip.length, other)))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("download/FAILED")
        .hasMessageContaining(md5(zip))
        .hasMessageContaining("its publishers state " + other);
    assertThat(content()).containsExactly(".download");
    assertThat(folder.resolve("out/.download/ml.zip")).doesNotExist();
  }

  /** Without a checksum the length that the server announces is what there is to compare. */
  @Test
  void saysWhatIsVerifiedBySizeOnly() throws Exception {
    byte[] zip = ratings();
    answers.put("/ml.zip", file(zip));

    assertThat(load(zipFile(null, null)).receipt().files().get(0).verified()).isEqualTo("size");
  }

  @Test
  void refusesAnotherSize() throws Exception {
    byte[] zip = ratings();
    answers.put("/ml.zip", file(zip));

    assertThatThrownBy(() -> load(zipFile(zip.length - 1L, null)))
        .hasMessageContaining("more than %,d bytes arrived".formatted(zip.length - 1));
  }

  /** The part that is there is a hole in the file, which takes no room. */
  @Test
  void whatIsThereNeedsNoRoom() throws Exception {
    long size = Files.getFileStore(folder).getUsableSpace() + (1L << 30);
    assertThatThrownBy(() -> load(zipFile(size, null))).hasMessageContaining("download/ROOM");

    Path place = Files.createDirectories(folder.resolve("out/.download"));
    try (RandomAccessFile part =
        new RandomAccessFile(place.resolve("ml.zip.incomplete").toFile(), "rw")) {
      part.setLength(size - 10);
    }
    assertThatThrownBy(() -> load(zipFile(size, null))).hasMessageContaining("download/REFUSED");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullDiskIsNoFaultOfTheNetwork() throws Exception {
    Path place = Files.createDirectories(folder.resolve("out/.download"));
    Files.createSymbolicLink(place.resolve("ml.zip.incomplete"), Path.of("/dev/full"));
    byte[] zip = ratings();
    answers.put("/ml.zip", file(zip));
    assertThatThrownBy(() -> load(zipFile((long) zip.length, null)))
        .hasMessageContainingAll("download/NOT_WRITTEN", "No space left on device");
  }

  @Test
  void saysThatAFileIsGone() {
    assertThatThrownBy(() -> load(zipFile(null, null)))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("download/REFUSED")
        .hasMessageContaining("/ml.zip answered with status 404")
        .hasMessageContaining("by hand");
    assertThat(requests).hasSize(1);
  }

  @Test
  void asksAgainWhereTheServerIsBusy() throws Exception {
    byte[] zip = ratings();
    inTurn("/ml.zip", busy -> busy.sendResponseHeaders(503, -1), file(zip));

    load(zipFile((long) zip.length, md5(zip)));

    assertThat(requests).hasSize(2);
  }

  /** The server sends half and then nothing; the client does not wait for ever. */
  @Test
  void givesUpASilentAnswerAndGoesOn() throws Exception {
    byte[] zip = ratings();
    Answer silent =
        exchange -> {
          exchange.sendResponseHeaders(200, zip.length);
          exchange.getResponseBody().write(zip, 0, 100_000);
          exchange.getResponseBody().flush();
          try {
            ended.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    inTurn("/ml.zip", silent, file(zip));

    load(zipFile((long) zip.length, md5(zip)));

    assertThat(folder.resolve("out/ratings.csv")).hasContent(RATINGS);
    assertThat(requests).hasSize(2);
  }

  @Test
  void followsRedirectionsButNotToOtherSchemes() throws Exception {
    byte[] zip = ratings();
    answers.put("/elsewhere.zip", file(zip));
    answers.put("/ml.zip", redirect("/elsewhere.zip"));
    load(zipFile((long) zip.length, md5(zip)));
    assertThat(requests).containsExactly("/ml.zip", "/elsewhere.zip");

    answers.put("/bad.zip", redirect("file:///etc/passwd"));
    PublishedFile bad = new PublishedFile(address("/bad.zip"), null, null, null, "ml/", null);
    assertThatThrownBy(
            () ->
                download.load(
                    dataset(bad), List.of(), "none", folder.resolve("other"), Progress.NONE))
        .hasMessageContaining("redirects to 'file:///etc/passwd'");
  }

  private static Answer redirect(String to) {
    return exchange -> {
      exchange.getResponseHeaders().set("Location", to);
      exchange.sendResponseHeaders(302, -1);
    };
  }

  @Test
  void takesTheChecksumOfAZenodoRecord() throws Exception {
    byte[] zip = ratings();
    answers.put("/records/7/files/ml.zip", file(zip));
    answers.put(
        "/api/records/7",
        text(
            "{\"files\": [{\"key\": \"other\"}, {\"key\": \"ml.zip\", \"size\": %d, \"checksum\": \"md5:%s\"}]}"
                .formatted(zip.length, md5(zip))));
    PublishedFile file =
        new PublishedFile(
            address("/records/7/files/ml.zip"), null, null, Checksum.ZENODO, "ml/", null);

    assertThat(load(file).receipt().files().get(0).verified()).isEqualTo("md5");

    answers.put("/api/records/7", text("{\"files\": []}"));
    assertThatThrownBy(
            () ->
                download.load(
                    dataset(file), List.of(), "none", folder.resolve("other"), Progress.NONE))
        .hasMessageContaining("download/CHECKSUM")
        .hasMessageContaining("states no MD5 of ml.zip");
  }

  @Test
  void takesTheChecksumOfAFileBesideIt() throws Exception {
    byte[] zip = ratings();
    answers.put("/ml.zip", file(zip));
    answers.put("/ml.zip.md5", text("MD5 (ml.zip) = " + md5(zip) + "\n"));
    PublishedFile file =
        new PublishedFile(address("/ml.zip"), null, null, Checksum.MD5_FILE, "ml/", null);

    assertThat(load(file).receipt().files().get(0).verified()).isEqualTo("md5");
  }

  /** Answers with the bytes that are asked for, and cuts a character and a row. */
  private static Answer range(byte[] content) {
    return exchange -> {
      String[] ends = exchange.getRequestHeaders().getFirst("Range").split("[=-]");
      int to = Math.min(Integer.parseInt(ends[2]) + 1, content.length);
      exchange.getResponseHeaders().set("Content-Range", "bytes 0-%d/*".formatted(to - 1));
      exchange.sendResponseHeaders(206, to);
      exchange.getResponseBody().write(content, 0, to);
    };
  }

  private static final String CAPTIONS =
      "id,caption\n0,\"#a, \"\"b\"\"\nc\"\n1,\n2,\u738b\u8005\n3,\"\u8363\u8000\"\n";

  private Result loadRows(int rows, long bytes) {
    return load(new PublishedFile(address("/captions.csv"), bytes, null, null, null, rows));
  }

  /** The row of id 2 ends with byte 43; what is behind is cut within a quote and a character. */
  @Test
  void takesTheFirstRowsOfAFile() throws Exception {
    answers.put("/captions.csv", range(CAPTIONS.getBytes(UTF_8)));

    Result result = loadRows(3, 48);

    assertThat(requests).containsExactly("/captions.csv bytes=0-47");
    assertThat(Files.readString(folder.resolve("out/captions.csv")).replace("\r\n", "\n"))
        .isEqualTo("id,caption\n0,\"#a, \"\"b\"\"\nc\"\n1,\n2,\u738b\u8005\n");
    assertThat(result.receipt().files().get(0).verified()).isEqualTo("rows");
    assertThat(content()).containsExactly(".download.json", "captions.csv");
  }

  @Test
  void takesTheLastRowOfAFileThatEndsEarlier() throws Exception {
    answers.put("/captions.csv", range(CAPTIONS.getBytes(UTF_8)));

    loadRows(4, 1_000);

    assertThat(folder.resolve("out/captions.csv")).content().contains("\u8363\u8000");
  }

  @Test
  void refusesAStartWithTooFewRows() {
    answers.put("/captions.csv", range(CAPTIONS.getBytes(UTF_8)));

    assertThatThrownBy(() -> loadRows(4, 48))
        .hasMessageContaining("[download/ROWS]")
        .hasMessageContaining("The first 48 bytes of " + address("/captions.csv"))
        .hasMessageContaining("hold 3 rows, not 4");
    assertThat(folder.resolve("out/captions.csv")).doesNotExist();
  }

  @Test
  void refusesAServerThatSendsAllInPlaceOfTheStart() {
    answers.put("/captions.csv", text(CAPTIONS));

    assertThatThrownBy(() -> loadRows(1, 20))
        .hasMessageContaining("[download/FAILED]")
        .hasMessageContaining("more than the 20 bytes arrived that were asked for");
  }

  private static byte[] tar(String name, byte type) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(new GZIPOutputStream(bytes))) {
      TarArchiveEntry entry = new TarArchiveEntry(name, type, true);
      if (type == TarConstants.LF_SYMLINK) {
        entry.setLinkName("/etc/passwd");
      } else {
        entry.setSize(RATINGS.length());
      }
      tar.putArchiveEntry(entry);
      if (type != TarConstants.LF_SYMLINK) {
        tar.write(RATINGS.getBytes(UTF_8));
      }
      tar.closeArchiveEntry();
    }
    return bytes.toByteArray();
  }

  private Result loadTar(byte[] tar) {
    answers.put("/d.tar.gz", file(tar));
    return load(new PublishedFile(address("/d.tar.gz"), null, null, null, "d/data/", null));
  }

  @Test
  void unpacksATar() throws Exception {
    loadTar(tar("d/data/log.csv", TarConstants.LF_NORMAL));

    assertThat(folder.resolve("out/log.csv")).hasContent(RATINGS);
  }

  @Test
  void refusesNamesThatLeadOut() throws Exception {
    assertThatThrownBy(() -> loadTar(tar("d/data/../../../evil", TarConstants.LF_NORMAL)))
        .hasMessageContaining("download/ARCHIVE")
        .hasMessageContaining("leads out of the folder");
    assertThat(folder.resolve("evil")).doesNotExist();
  }

  @Test
  void refusesLinks() throws Exception {
    assertThatThrownBy(() -> loadTar(tar("d/data/log.csv", TarConstants.LF_SYMLINK)))
        .hasMessageContaining("which is not a plain file");
  }

  @Test
  void refusesADamagedArchive() throws Exception {
    byte[] tar = tar("d/data/log.csv", TarConstants.LF_NORMAL);
    tar[tar.length / 2] ^= 1;

    assertThatThrownBy(() -> loadTar(tar)).hasMessageContaining("it is damaged");
  }

  @Test
  void comparesTheChecksumWithinAGzip() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(RATINGS.repeat(100).getBytes(UTF_8));
    }
    byte[] whole = bytes.toByteArray();
    answers.put("/Books.csv.gz", file(whole));
    PublishedDataset dataset =
        new PublishedDataset(
            "amazon",
            "Reviews",
            "table",
            "page",
            "none",
            List.of("Books", "Music"),
            List.of(new PublishedFile(address("/{category}.csv.gz"), null, null, null, null, null)),
            null);
    Path good = folder.resolve("good");
    download.load(dataset, List.of("Books"), "none", good, Progress.NONE);
    assertThat(good.resolve("Books.csv.gz")).hasBinaryContent(whole);

    byte[] bad = whole.clone();
    bad[bad.length - 6] ^= 1;
    answers.put("/Music.csv.gz", file(bad));
    assertThatThrownBy(
            () ->
                download.load(
                    dataset, List.of("Music"), "none", folder.resolve("bad"), Progress.NONE))
        .hasMessageContaining("download/FAILED")
        .hasMessageContaining("it is damaged");
    Path both = folder.resolve("both");
    assertThatThrownBy(
            () -> download.load(dataset, List.of("Books", "Music"), "none", both, Progress.NONE))
        .hasMessageContaining("it is damaged");
    answers.put("/Music.csv.gz", file(whole));
    requests.clear();
    download.load(dataset, List.of("Books", "Music", "Music"), "none", both, Progress.NONE);
    assertThat(requests).containsExactly("/Music.csv.gz");
    assertThat(both.resolve("Books.csv.gz")).hasBinaryContent(whole);
    assertThat(both.resolve("Music.csv.gz")).hasBinaryContent(whole);
    assertThatThrownBy(
            () ->
                download.load(
                    dataset, List.of("Films"), "none", folder.resolve("x"), Progress.NONE))
        .hasMessageContaining(
            "amazon has no category 'Films'. Name some of these with --category: Books, Music.");
    assertThatThrownBy(
            () ->
                download.load(
                    dataset, List.of("Muzic"), "none", folder.resolve("x"), Progress.NONE))
        .hasMessageContaining("Did you mean Music?");
    assertThatThrownBy(
            () -> download.load(dataset, List.of(), "none", folder.resolve("x"), Progress.NONE))
        .hasMessageContaining("comes in categories; name some with --category: Books, Music.");
    assertThatThrownBy(
            () ->
                DatasetDownload.requireCategories(
                    Catalogue.load().get("kuairand-pure"), List.of("Nope")))
        .hasMessageContaining("kuairand-pure has no categories, but Nope is asked for");
    assertThatThrownBy(() -> download.load(dataset, List.of("Music"), "none", good, Progress.NONE))
        .hasMessageContaining("download/FOLDER");
  }

  @Test
  void leavesFoldersOfOthersAlone() throws IOException {
    Files.createDirectories(folder.resolve("out"));
    Files.writeString(folder.resolve("out/mine"), "");

    assertThatThrownBy(() -> load(zipFile(null, null)))
        .hasMessageContaining("holds other files")
        .hasMessageContaining("--out");
    assertThat(requests).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "douban, https://www.kaggle.com/, douban_dataset(text information)",
    "ali-ccp, https://tianchi.aliyun.com/, sample_skeleton_*.csv",
    "mind, https://msnews.github.io, MINDsmall_train"
  })
  void saysWhatIsToBeDoneByHand(String name, String page, String files) {
    PublishedDataset dataset = Catalogue.load().get(name);
    Path out = folder.resolve("x");

    assertThatThrownBy(() -> download.load(dataset, List.of(), "none", out, Progress.NONE))
        .hasMessageContaining("download/MANUAL")
        .hasMessageContaining("Download it from " + page)
        .hasMessageContaining(files)
        .hasMessageEndingWith(
            "unpack it in %s, and write dataset: { name: %s, path: %s }.", out, name, out);
  }

  @Test
  void theCatalogueIsWhole() {
    Catalogue catalogue = Catalogue.load();
    assertThat(catalogue.datasets())
        .extracting(PublishedDataset::name)
        .doesNotHaveDuplicates()
        .contains("kuairand-pure", "kuaisar-small", "movielens-1m", "amazon-2023");
    for (PublishedDataset dataset : catalogue.datasets()) {
      assertThat(catalogue.licence(dataset).name()).isNotEmpty();
      assertThat(dataset.page()).startsWith("https://");
      if (dataset.files().isEmpty()) {
        assertThat(dataset.manual()).isNotEmpty();
      }
      for (PublishedFile file : dataset.files()) {
        assertThat(catalogue.licence(dataset).text()).isNotEmpty();
        assertThat(file.address()).startsWith("https://");
        if (file.md5() != null) {
          assertThat(file.md5()).matches("[0-9a-f]{32}");
        }
      }
    }
    assertThatThrownBy(() -> catalogue.get("movielens-1n"))
        .hasMessageContaining("Did you mean movielens-1m?");
  }
}
