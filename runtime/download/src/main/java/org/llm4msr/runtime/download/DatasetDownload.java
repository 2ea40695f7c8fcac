package org.llm4msr.runtime.download;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.ProxySelector;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.download.PublishedDataset.Checksum;
import org.llm4msr.runtime.download.PublishedDataset.PublishedFile;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.runtime.files.SmallFiles;
import org.llm4msr.runtime.text.NearestName;
import org.llm4msr.toolkit.hub.Downloads;

/** Downloads a published data set into a folder, checks it and unpacks it. */
public final class DatasetDownload {

  /** The file that marks a folder as holding a completely downloaded data set. */
  static final String RECEIPT = ".download.json";

  private static final String JOB = ".job.json";

  /** Ends the name of the mark that a file is done, in the folder of incomplete files. */
  private static final String DONE = ".done.json";

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .build();
  private static final Pattern ZENODO =
      Pattern.compile("(https?://[^/]+)/records?/(\\d+)/files/.+");
  private static final Pattern MD5 = Pattern.compile("\\b[0-9a-fA-F]{32}\\b");
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Downloads downloads;

  /** Makes a download through the proxies of a selector. */
  public DatasetDownload(ProxySelector proxies) {
    this(proxies, PATIENCE);
  }

  DatasetDownload(ProxySelector proxies, Duration patience) {
    this.downloads = new Downloads(proxies, patience, new Publisher());
  }

  /**
   * What was downloaded.
   *
   * @param name of the data set
   * @param categories of the data set; empty if it has none
   * @param licence the licence that was accepted
   * @param files loaded
   */
  public record Receipt(
      String name, List<String> categories, String licence, List<LoadedFile> files) {}

  /**
   * A downloaded file.
   *
   * @param verified {@code md5}; {@code size} if the publishers state no checksum; {@code rows} if
   *     only the first rows were wanted
   * @param content names of the files in it
   */
  public record LoadedFile(
      String address, long bytes, String md5, String verified, List<String> content) {}

  /**
   * The result of a download.
   *
   * @param reused whether it was there already
   */
  public record Result(Path folder, Receipt receipt, boolean reused) {

    /** Returns a sentence, and the section of a configuration that reads the data set. */
    public String text(PublishedDataset dataset) {
      return folder
          + (reused ? " already exists." : " is downloaded.")
          + " Use it in a configuration: "
          + dataset.section(folder);
    }
  }

  /** The data set for which an unfinished folder was begun. */
  private record Job(String name, List<String> categories) {}

  /** The expected size and checksum of a file; null where unknown. */
  private record Expected(@Nullable Long bytes, @Nullable String md5) {}

  /**
   * Downloads a data set whose licence was accepted. Another call continues what was stopped.
   *
   * @param categories categories of the data set; empty if it has none
   * @param licence name of the licence
   * @param folder gets the files; new, empty, or left by an earlier call
   * @param progress gets the number of bytes
   * @throws MsrException {@code download/...} with what to do
   */
  public Result load(
      PublishedDataset dataset,
      List<String> categories,
      String licence,
      Path folder,
      Progress progress) {
    if (dataset.files().isEmpty()) {
      throw new MsrException(
          ErrorType.USER,
          "download/MANUAL",
          "%s cannot be downloaded by a program: %s Download it from %s, unpack it in %s, and write %s."
              .formatted(
                  dataset.name(),
                  dataset.manual(),
                  dataset.page(),
                  folder,
                  dataset.section(folder)));
    }
    requireCategories(dataset, categories);
    try {
      Receipt earlier = receipt(folder);
      if (earlier != null) {
        return reused(dataset, categories, folder, earlier);
      }
      requireEmpty(folder);
      begin(new Job(dataset.name(), List.copyOf(categories)), folder);
      List<LoadedFile> loaded = new ArrayList<>();
      for (PublishedFile file : files(dataset, categories)) {
        loaded.add(load(file, folder, progress));
      }
      Receipt receipt = new Receipt(dataset.name(), categories, licence, loaded);
      DurableFiles.write(folder.resolve(RECEIPT), JSON.writeValueAsBytes(receipt));
      DurableFiles.delete(folder.resolve(Archives.UNFINISHED));
      return new Result(folder, receipt, false);
    } catch (IOException e) {
      throw written(folder, e);
    }
  }

  private static List<PublishedFile> files(PublishedDataset dataset, List<String> categories) {
    return categories.isEmpty()
        ? dataset.files()
        : categories.stream()
            .distinct()
            .flatMap(category -> dataset.files().stream().map(file -> file.of(category)))
            .toList();
  }

  /** Refuses a wrong choice of categories. */
  public static void requireCategories(PublishedDataset dataset, List<String> categories) {
    if (categories.isEmpty() != dataset.categories().isEmpty()) {
      throw category(
          categories.isEmpty()
              ? "%s comes in categories; name some with --category: %s."
                  .formatted(dataset.name(), String.join(", ", dataset.categories()))
              : "%s has no categories, but %s is asked for; leave --category out."
                  .formatted(dataset.name(), String.join(", ", categories)));
    }
    for (String category : categories) {
      if (!dataset.categories().contains(category)) {
        throw category(
            "%s has no category '%s'.%s Name some of these with --category: %s."
                .formatted(
                    dataset.name(),
                    category,
                    NearestName.hint(category, dataset.categories()),
                    String.join(", ", dataset.categories())));
      }
    }
  }

  private static MsrException category(String message) {
    return new MsrException(ErrorType.USER, "download/CATEGORY", message);
  }

  private static @Nullable Receipt receipt(Path folder) throws IOException {
    return read(folder.resolve(RECEIPT), Receipt.class);
  }

  /** Returns the content of one of our files, null if it does not exist. */
  private static <T> @Nullable T read(Path file, Class<T> type) throws IOException {
    try {
      return Files.exists(file) ? JSON.readValue(SmallFiles.read(file), type) : null;
    } catch (JsonProcessingException e) {
      throw new MsrException(
          ErrorType.DATA,
          "download/FOLDER",
          "%s is damaged. Remove the folder of the data set, or choose another one with --out."
              .formatted(file),
          e);
    }
  }

  private static Result reused(
      PublishedDataset dataset, List<String> categories, Path folder, Receipt earlier) {
    boolean same =
        earlier.name().equals(dataset.name())
            && Set.copyOf(earlier.categories()).equals(Set.copyOf(categories));
    List<String> missing =
        earlier.files().stream()
            .flatMap(file -> file.content().stream())
            .filter(name -> !Files.exists(folder.resolve(name)))
            .toList();
    if (!same || !missing.isEmpty()) {
      String problem =
          same ? "lacks " + missing : "holds %s %s".formatted(earlier.name(), earlier.categories());
      throw new MsrException(
          ErrorType.USER,
          "download/FOLDER",
          "%s %s. Remove it, or choose another folder with --out.".formatted(folder, problem));
    }
    return new Result(folder, earlier, true);
  }

  /** A folder may hold only what an unfinished download left. */
  private static void requireEmpty(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    Path mark = folder.resolve(Archives.UNFINISHED);
    try (var content = Files.list(folder)) {
      if (!Files.exists(mark) && content.findAny().isPresent()) {
        throw new MsrException(
            ErrorType.USER,
            "download/FOLDER",
            folder + " holds other files. Choose a new folder with --out.");
      }
    }
  }

  /** Continues the earlier request, which a new one must cover: its files would stay otherwise. */
  private static void begin(Job job, Path folder) throws IOException {
    Path file = Files.createDirectories(folder.resolve(Archives.UNFINISHED)).resolve(JOB);
    Job begun = read(file, Job.class);
    if (begun != null
        && !(begun.name().equals(job.name()) && job.categories().containsAll(begun.categories()))) {
      throw new MsrException(
          ErrorType.USER,
          "download/FOLDER",
          "%s holds an unfinished download of %s %s. Request the same or more, remove the folder, or choose another one with --out."
              .formatted(folder, begun.name(), begun.categories()));
    }
    DurableFiles.write(file, JSON.writeValueAsBytes(job));
  }

  private LoadedFile load(PublishedFile file, Path folder, Progress progress) throws IOException {
    Path unfinished = Files.createDirectories(folder.resolve(Archives.UNFINISHED));
    Path target = unfinished.resolve(file.fileName());
    Path done = unfinished.resolve(file.fileName() + DONE);
    LoadedFile earlier = read(done, LoadedFile.class);
    if (earlier != null) {
      return earlier;
    }
    if (file.rows() == null) {
      return loadWhole(file, target, done, folder, progress);
    }
    loadRows(file, file.rows(), target);
    return unpacked(file, "rows", target, done, folder);
  }

  private LoadedFile loadWhole(
      PublishedFile file, Path target, Path done, Path folder, Progress progress)
      throws IOException {
    Expected expected = expected(file);
    if (!Files.exists(target)) {
      requireRoom(folder, expected.bytes(), Downloads.unfinished(target).toFile().length());
      String md5 = expected.md5();
      Downloads.Verifier verifier =
          whole -> {
            String actual = md5 == null ? "" : Archives.md5(whole);
            if (md5 != null && !actual.equalsIgnoreCase(md5)) {
              return "its MD5 is %s, and its publishers state %s".formatted(actual, md5);
            }
            return file.fileName().endsWith(".gz") ? Archives.damage(whole) : "";
          };
      long bytes = expected.bytes() == null ? -1 : expected.bytes();
      downloads.file(URI.create(file.address()), bytes, verifier, target, progress);
    }
    return unpacked(file, expected.md5() == null ? "size" : "md5", target, done, folder);
  }

  private void loadRows(PublishedFile file, int rows, Path target) throws IOException {
    int bytes = Math.toIntExact(requireNonNull(file.bytes(), "rows without bytes"));
    String start = downloads.start(URI.create(file.address()), bytes);
    boolean whole = start.getBytes(UTF_8).length < bytes;
    int found = FirstRows.write(start, whole, rows, target);
    if (found < rows) {
      throw new MsrException(
          ErrorType.EXTERNAL,
          "download/ROWS",
          "The first %,d bytes of %s hold %,d rows, not %,d: it was published anew. Download it by hand."
              .formatted(bytes, file.address(), found, rows));
    }
  }

  private static LoadedFile unpacked(
      PublishedFile file, String verified, Path target, Path done, Path folder) throws IOException {
    long bytes = Files.size(target);
    String md5 = Archives.md5(target);
    List<String> content = Archives.unpack(target, file.root(), folder);
    LoadedFile loaded = new LoadedFile(file.address(), bytes, md5, verified, content);
    DurableFiles.write(done, JSON.writeValueAsBytes(loaded));
    Files.deleteIfExists(target);
    return loaded;
  }

  private Expected expected(PublishedFile file) {
    if (file.md5() != null || file.checksum() == null) {
      return new Expected(file.bytes(), file.md5());
    }
    return file.checksum() == Checksum.ZENODO ? zenodo(file) : md5File(file);
  }

  private Expected zenodo(PublishedFile file) {
    Matcher address = ZENODO.matcher(file.address());
    if (!address.matches()) {
      throw new IllegalStateException(file.address() + " is not an address of Zenodo");
    }
    URI record = URI.create(address.group(1) + "/api/records/" + address.group(2));
    try {
      for (JsonNode entry : JSON.readTree(downloads.text(record)).path("files")) {
        String checksum = entry.path("checksum").asText();
        if (entry.path("key").asText().equals(file.fileName()) && checksum.startsWith("md5:")) {
          return new Expected(entry.path("size").asLong(), checksum.substring("md5:".length()));
        }
      }
    } catch (JsonProcessingException e) {
      throw strange(record, "it is not JSON (%s)".formatted(e.getOriginalMessage()));
    }
    throw strange(record, "it states no MD5 of " + file.fileName());
  }

  private Expected md5File(PublishedFile file) {
    URI address = URI.create(file.address() + ".md5");
    Matcher md5 = MD5.matcher(downloads.text(address));
    if (!md5.find()) {
      throw strange(address, "it holds no MD5");
    }
    return new Expected(file.bytes(), md5.group().toLowerCase(Locale.ROOT));
  }

  private static MsrException strange(URI address, String problem) {
    return new MsrException(
        ErrorType.EXTERNAL,
        "download/CHECKSUM",
        "%s does not say what was published: %s. Download the data by hand, and check it."
            .formatted(address, problem));
  }

  private static void requireRoom(Path folder, @Nullable Long bytes, long there)
      throws IOException {
    long room = Files.getFileStore(folder).getUsableSpace();
    if (bytes != null && room < bytes - there) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "download/ROOM",
          "The disk of %s has %,d MB left, and the download alone takes %,d MB. Free space, or choose another folder with --out."
              .formatted(folder, room / 1_000_000, (bytes - there) / 1_000_000));
    }
  }

  private static MsrException written(Path folder, IOException failure) {
    return new MsrException(
        ErrorType.RESOURCES,
        "download/NOT_WRITTEN",
        "%s cannot be filled: %s. Make room or fix its permissions, and run it again to resume."
            .formatted(folder, FileErrors.reason(failure)),
        failure);
  }

  /** The meaning of the publishers' answers. */
  private static final class Publisher implements Downloads.Server {

    @Override
    public MsrException refused(URI address, int status) {
      return new MsrException(
          ErrorType.EXTERNAL,
          "download/REFUSED",
          "%s answered with status %d: the file may have moved. Check the page of the data set, and download the file by hand if it is elsewhere."
              .formatted(address, status));
    }

    @Override
    public MsrException failed(URI address, IOException cause, boolean retryable) {
      return new MsrException(
          ErrorType.EXTERNAL,
          "download/FAILED",
          "%s %s. Check the network and the proxy (HTTPS_PROXY); run it again to resume where it stopped."
              .formatted(address, cause.getMessage()),
          cause,
          retryable);
    }
  }
}
