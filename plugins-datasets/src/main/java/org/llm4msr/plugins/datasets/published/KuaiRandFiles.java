package org.llm4msr.plugins.datasets.published;

import static java.util.stream.Collectors.toCollection;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The files of one release of KuaiRand, by their published names. */
final class KuaiRandFiles {

  private static final Logger LOG = LoggerFactory.getLogger(KuaiRandFiles.class);
  private static final List<String> FOLDERS =
      List.of("data", "KuaiRand-Pure/data", "KuaiRand-1K/data", "KuaiRand-27K/data");
  private static final String CAPTIONS = "kuairand_video_captions.csv";
  private static final String LOGS = "log_.*\\.csv|log_.*\\.csv\\.gz";

  /** The standard log of Pure without its first 17 days, as third parties distribute it. */
  private static final String LATE_PURE = "log_standard_4_25_to_5_08_pure.csv";

  private enum Release {
    PURE("pure", 1, 1),
    ONE_K("1k", 1, 1),
    TWENTY_SEVEN_K("27k", 2, 3);

    private final String end;
    private final int logParts;
    private final int statisticParts;

    Release(String end, int logParts, int statisticParts) {
      this.end = end;
      this.logParts = logParts;
      this.statisticParts = statisticParts;
    }

    private String file(String begin) {
      return begin + "_" + end + ".csv";
    }

    private List<String> parts(String begin, int parts) {
      return parts == 1
          ? List.of(file(begin))
          : IntStream.rangeClosed(1, parts)
              .mapToObj(part -> begin + "_" + end + "_part" + part + ".csv")
              .toList();
    }

    private List<String> firstLogs() {
      return parts("log_standard_4_08_to_4_21", logParts);
    }

    private List<String> secondLogs() {
      return parts("log_standard_4_22_to_5_08", logParts);
    }

    private String random() {
      return file("log_random_4_22_to_5_08");
    }

    private boolean hasLog(String name) {
      return firstLogs().contains(name)
          || secondLogs().contains(name)
          || random().equals(name)
          || (this == PURE && name.equals(LATE_PURE));
    }
  }

  private final RawFolder folder;
  private final Release release;

  private KuaiRandFiles(RawFolder folder, Release release) {
    this.folder = folder;
    this.release = release;
  }

  static KuaiRandFiles find(Path path) {
    RawFolder folder = RawFolder.with(path, FOLDERS, LOGS);
    Set<Release> releases =
        folder.matching(LOGS).stream()
            .map(KuaiRandFiles::release)
            .collect(toCollection(() -> EnumSet.noneOf(Release.class)));
    if (releases.size() > 1) {
      throw new MsrException(
          ErrorType.DATA,
          "data/TWO_RELEASES",
          "%s has logs of several releases of KuaiRand: %s. Put each release into a folder of its own."
              .formatted(
                  folder.path(),
                  String.join(", ", releases.stream().map(release -> release.end).toList())));
    }
    return new KuaiRandFiles(folder, releases.iterator().next());
  }

  private static Release release(Path log) {
    String name = String.valueOf(log.getFileName()).replaceFirst("\\.gz$", "");
    return Arrays.stream(Release.values())
        .filter(release -> release.hasLog(name))
        .findFirst()
        .orElseThrow(
            () ->
                new MsrException(
                    ErrorType.DATA,
                    "data/UNKNOWN_FILE",
                    log
                        + " is not a log of KuaiRand; a published one is named, for example, "
                        + Release.PURE.secondLogs().get(0)
                        + ". Give it its published name, or move it out of the folder."));
  }

  /** Returns the standard log; benchmarks read only its second period. */
  List<Path> standardLog() {
    Optional<Path> late = release == Release.PURE ? folder.csv(LATE_PURE) : Optional.empty();
    if (late.isPresent()) {
      return List.of(alone(late.get()));
    }
    List<Path> logs = new ArrayList<>();
    if (release.firstLogs().stream().anyMatch(name -> folder.csv(name).isPresent())) {
      logs.addAll(required(release.firstLogs()));
    } else {
      LOG.warn(
          "{} is not in {}: only the second period of the standard log is read",
          String.join(", ", release.firstLogs()),
          folder.path());
    }
    logs.addAll(required(release.secondLogs()));
    return logs;
  }

  private Path alone(Path late) {
    Stream.concat(release.firstLogs().stream(), release.secondLogs().stream())
        .flatMap(name -> folder.csv(name).stream())
        .findFirst()
        .ifPresent(
            other -> {
              throw new MsrException(
                  ErrorType.DATA,
                  "data/TWO_FILES",
                  "%s is a part of the published standard log, but %s is there too. Leave only one of them in the folder."
                      .formatted(late, other));
            });
    return late;
  }

  List<Path> randomLog() {
    return required(List.of(release.random()));
  }

  List<Path> users() {
    return required(List.of(release.file("user_features")));
  }

  List<Path> videos() {
    return required(List.of(release.file("video_features_basic")));
  }

  List<Path> statistics() {
    return required(release.parts("video_features_statistic", release.statisticParts));
  }

  Optional<Path> captions() {
    return folder.csv(CAPTIONS);
  }

  Path requiredCaptions() {
    return required(List.of(CAPTIONS)).get(0);
  }

  Optional<Path> categories() {
    return folder.csv("kuairand_video_categories.csv");
  }

  private List<Path> required(List<String> names) {
    return names.stream().map(name -> folder.csv(name).orElseGet(() -> folder.file(name))).toList();
  }
}
