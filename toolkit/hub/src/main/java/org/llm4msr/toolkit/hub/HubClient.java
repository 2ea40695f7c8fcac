package org.llm4msr.toolkit.hub;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.commons.codec.binary.Hex;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.codec.digest.MessageDigestAlgorithms;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The two requests to the hub that models need: the content of a commit, and a file of it. */
final class HubClient {

  private static final Logger LOG = LoggerFactory.getLogger(HubClient.class);

  private static final long REPORT_EVERY = Duration.ofSeconds(30).toNanos();
  private static final double MEGABYTE = 1e6;

  private final HubSettings settings;
  private final String repository;
  private final Downloads downloads;

  HubClient(HubSettings settings, String repository) {
    this(settings, repository, Duration.ofSeconds(60));
  }

  /**
   * Makes a client of a repository.
   *
   * @param patience the longest time in which nothing arrives
   */
  HubClient(HubSettings settings, String repository, Duration patience) {
    this.settings = settings;
    this.repository = repository;
    this.downloads = new Downloads(settings.proxies(), patience, new Hub());
  }

  /** Returns the description of a revision, with sizes and checksums of its files, as JSON. */
  String describe(String revision) {
    return downloads.text(
        URI.create(
            "%s/api/models/%s/revision/%s?blobs=true"
                .formatted(settings.endpoint(), repository, URLEncoder.encode(revision, UTF_8))));
  }

  /** Downloads a file of a commit to a path where no file exists. */
  void download(String commit, HubModels.RemoteFile file, Path target) throws IOException {
    String path =
        Arrays.stream(file.path().split("/"))
            .map(part -> URLEncoder.encode(part, UTF_8).replace("+", "%20"))
            .collect(Collectors.joining("/"));
    URI address =
        URI.create("%s/%s/resolve/%s/%s".formatted(settings.endpoint(), repository, commit, path));
    LOG.warn("Loading {} of {}, {} MB", file.path(), repository, megabytes(file.size()));
    downloads.file(address, file.size(), loaded -> problem(file, loaded), target, report(file));
  }

  private static String problem(HubModels.RemoteFile file, Path loaded) throws IOException {
    String checksum =
        file.isLarge()
            ? new DigestUtils(MessageDigestAlgorithms.SHA_256).digestAsHex(loaded)
            : gitBlob(loaded);
    return checksum.equals(file.checksum())
        ? ""
        : "its checksum is %s, not %s".formatted(checksum, file.checksum());
  }

  /** Returns the SHA-1 by which Git names a file's content. */
  private static String gitBlob(Path file) throws IOException {
    MessageDigest digest = DigestUtils.getSha1Digest();
    DigestUtils.updateDigest(digest, "blob " + Files.size(file) + "\0");
    return Hex.encodeHexString(DigestUtils.updateDigest(digest, file).digest());
  }

  /** Logs the progress of a large file now and then. */
  private static Progress report(HubModels.RemoteFile file) {
    long[] reported = {System.nanoTime()};
    return (done, total) -> {
      if (System.nanoTime() - reported[0] > REPORT_EVERY) {
        reported[0] = System.nanoTime();
        LOG.warn("{}: {} of {} MB", file.path(), megabytes(done), megabytes(file.size()));
      }
    };
  }

  private static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%,.1f", bytes / MEGABYTE);
  }

  /** The behaviour that is specific to the hub. */
  private final class Hub implements Downloads.Server {

    /** The token goes to the hub only, not to the servers that it redirects to. */
    @Override
    public Map<String, String> headers(URI address) {
      URI hub = URI.create(settings.endpoint());
      boolean own =
          hub.getScheme().equals(address.getScheme())
              && hub.getAuthority().equals(address.getAuthority());
      return own && settings.token() != null
          ? Map.of("Authorization", "Bearer " + settings.token())
          : Map.of();
    }

    @Override
    public MsrException refused(URI address, int status) {
      String why =
          switch (status) {
            case 401, 403 ->
                settings.token() == null
                    ? "it does not exist, or needs a token: set HF_TOKEN"
                    : "the token in HF_TOKEN may not read it: accept its licence on its page, or"
                        + " use another token";
            case 404 -> "there is no such model, revision or file";
            default -> "the hub refuses it";
          };
      return new MsrException(
          ErrorType.USER,
          "model/NOT_FOUND",
          "the model %s cannot be downloaded: %s. %s answered with status %d."
              .formatted(repository, why, address, status));
    }

    @Override
    public MsrException failed(URI address, IOException cause, boolean retryable) {
      return new MsrException(
          ErrorType.EXTERNAL,
          "model/HUB_FAILED",
          "%s %s. Check the network, HF_ENDPOINT and the proxy; run it again to resume where it stopped."
              .formatted(address, cause.getMessage()),
          cause,
          retryable);
    }
  }
}
