package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;

/**
 * The preparation of a reader of many files, and of the table that anybody has, killed at any
 * moment and on disks that fill: nothing unfinished is taken for finished, and the next preparation
 * gives the bytes of an undisturbed one.
 */
@Tag("slow")
class BrokenOffReadersTest {

  private static final long SEED = Long.getLong("llm4msr.test.seed", 20261125);

  static final List<String> READERS = List.of("kuaisar", "table");

  /** Nothing fits, the rows do not, and what is left to chance. */
  private static final List<Integer> KILOBYTES = List.of(8, 100);

  private static final int DRAWN_DISKS = 2;

  /**
   * Mounts a disk of $1 kB at $2 that no other process sees, and runs what follows; where that
   * fails, lists what is left in $3, and runs it once more with room. The result goes to $3, too.
   */
  private static final String SMALL_DISK =
      """
      size=$1; disk=$2; out=$3; shift 3
      mount -t tmpfs -o size=${size}k none "$disk" || exit 125
      "$@"; code=$?
      if [ $code != 0 ]; then
        ls -A "$disk" >"$out/left"
        mount -o remount,size=1g "$disk" && "$@" || exit 126
      fi
      cp -r "$disk/prepared" "$out"
      exit $code
      """;

  private final Random random = new Random(SEED);
  @TempDir Path folder;
  private Cli cli;
  private GeneratedData data;

  private void generate(String which, int interactions) throws IOException {
    cli = new Cli(folder);
    data = GeneratedData.write(folder.resolve("raw"), which, "interactions=" + interactions);
  }

  @ParameterizedTest
  @FieldSource("READERS")
  void killsAtAnyMomentChangeNothing(String which) throws Exception {
    generate(which, 5_000);
    stage().kill(3, random);
    try (Stream<Path> left = Files.list(data.folder().resolve("killed"))) {
      assertThat(left.map(Path::getFileName).map(Path::toString))
          .as("nothing temporary is left")
          .containsExactlyInAnyOrder("prepared", "stages.jsonl");
    }
  }

  private KilledStage stage() {
    Path prepared = data.folder().resolve("killed/prepared");
    KilledStage.Check same =
        () -> assertThat(bytes(prepared)).isEqualTo(bytes(data.folder().resolve("whole/prepared")));
    return new KilledStage(
        cli,
        workspace -> List.of(prepare(workspace)),
        "/lock",
        () -> {
          if (Files.exists(prepared)) {
            same.run();
          } else {
            Experiment killed =
                Experiment.fromYaml(data.experiment(), "workspace=" + prepared.getParent());
            MsrException unfinished =
                catchThrowableOfType(MsrException.class, () -> killed.inspectData(Progress.NONE));
            assertThat(unfinished.code()).isEqualTo("data/NOT_PREPARED");
          }
        },
        same,
        prepared);
  }

  @ParameterizedTest
  @FieldSource("READERS")
  void aDiskThatFillsIsNamedAndChangesNothing(String which) throws Exception {
    assumeThat(new ProcessBuilder("unshare", "-rm", "true").start().waitFor())
        .as("this system lets a test mount a disk of its own")
        .isZero();
    generate(which, 5_000);
    Cli.Outcome whole = cli.run(prepare("whole"));
    assertThat(whole.code()).as(whole.err()).isZero();
    for (int disk = 0; disk < KILOBYTES.size() + DRAWN_DISKS; disk++) {
      boolean drawn = disk >= KILOBYTES.size();
      int kilobytes = drawn ? (int) Math.exp(5 + 4 * random.nextDouble()) : KILOBYTES.get(disk);
      Path out = Files.createDirectory(folder.resolve("out-" + disk));
      int code = prepareOnSmallDisk(kilobytes, out);
      if (!drawn) {
        assertThat(code).isEqualTo(1);
      }
      assertThat(bytes(out.resolve("prepared")))
          .isEqualTo(bytes(data.folder().resolve("whole/prepared")));
    }
  }

  private int prepareOnSmallDisk(int kilobytes, Path out) throws Exception {
    Path disk = Files.createDirectories(data.folder().resolve("small"));
    List<String> prefix =
        List.of(
            "unshare",
            "-rm",
            "sh",
            "-c",
            SMALL_DISK,
            "sh",
            String.valueOf(kilobytes),
            disk.toString(),
            out.toString());
    Cli.Outcome outcome = cli.start(prefix, prepare("small")).await();
    System.out.println(
        data.folder()
            + " on "
            + kilobytes
            + " kB: "
            + outcome.code()
            + " "
            + outcome.err().lines().filter(l -> l.startsWith("[")).toList());
    assertThat(outcome.code()).as(outcome.err()).isBetween(0, 1);
    if (outcome.code() == 1) {
      assertThat(outcome.err()).contains("[data/DISK_FULL]");
      assertThat(out.resolve("left")).content().isSubstringOf("stages.jsonl\n");
    }
    return outcome.code();
  }

  private String[] prepare(String workspace) {
    return new String[] {
      "data", "prepare", data.experiment().toString(), "-Dworkspace=" + workspace
    };
  }

  private static Map<String, String> bytes(Path prepared) throws IOException {
    return Contents.bytes(prepared, name -> true);
  }
}
