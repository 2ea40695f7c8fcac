import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Runs the tests that reach each mutated method, in rising order of time, until one fails. */
final class Killing {

  private static final Pattern SUITE =
      Pattern.compile("<testsuite [^>]*name=\"([^\"]+)\" time=\"([0-9.]+)\"");
  private static final Pattern PATH =
      Pattern.compile("name=\"surefire.test.class.path\" value=\"([^\"]+)\"");
  private static final Pattern FAILED =
      Pattern.compile("<testcase [^>]*classname=\"([^\"]+)\"[^>]*>\\s*<(?:failure|error)");
  private static final double SECONDS_OF_A_BATCH = 30;

  private final Path folder;
  private final List<String> excludedTags;
  private final Map<String, Test> tests = new HashMap<>();
  private final Map<String, String> classPaths = new HashMap<>();
  private final Map<String, Boolean> sound = new HashMap<>();

  /** A test class, and the seconds that it took. */
  record Test(String name, String module, double seconds) {}

  Killing(Path folder, List<String> excludedTags) {
    this.folder = folder;
    this.excludedTags = excludedTags;
  }

  void run(Set<Integer> wanted) throws Exception {
    readReports();
    Map<Integer, Set<String>> reached = reached();
    Path results = folder.resolve("killed-" + String.join("-", excludedTags) + ".tsv");
    Set<Integer> done = new HashSet<>();
    if (Files.exists(results)) {
      Files.readAllLines(results).forEach(row -> done.add(Integer.valueOf(row.split("\t")[0])));
    }
    for (Drawn one : Mutations.drawn()) {
      if (done.contains(one.number()) || !wanted.isEmpty() && !wanted.contains(one.number())) {
        continue;
      }
      long begin = System.nanoTime();
      String by = killer(one, reached.getOrDefault(one.number(), Set.of()));
      String row =
          String.join(
              "\t",
              String.valueOf(one.number()),
              by.isEmpty() ? "survived" : "killed",
              by,
              reached.getOrDefault(one.number(), Set.of()).size() + " classes",
              (System.nanoTime() - begin) / 1_000_000_000 + " s",
              one.id().getClassName().asJavaName() + ":" + one.line(),
              one.says());
      System.out.println(row);
      Files.writeString(results, row + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
  }

  private String killer(Drawn one, Set<String> names) throws Exception {
    List<Test> order = new ArrayList<>();
    names.stream().filter(tests::containsKey).map(tests::get).forEach(order::add);
    order.sort(
        Comparator.comparing((Test test) -> !test.module.equals(one.module()))
            .thenComparing(test -> test.module.equals("end-to-end"))
            .thenComparing(Test::module)
            .thenComparing(Test::seconds));
    List<Test> left = new ArrayList<>(order);
    while (!left.isEmpty()) {
      List<Test> batch = new ArrayList<>();
      double seconds = 0;
      while (!left.isEmpty()
          && (batch.isEmpty()
              || left.get(0).module.equals(batch.get(0).module)
                  && seconds + left.get(0).seconds <= SECONDS_OF_A_BATCH)) {
        seconds += left.get(0).seconds;
        batch.add(left.remove(0));
      }
      for (String failed : failures(batch, one.number())) {
        if (isSound(failed, batch)) {
          return failed;
        }
      }
    }
    return "";
  }

  /** Returns whether a class passes without a mutation; a crash of the JVM names the batch. */
  private boolean isSound(String name, List<Test> batch) throws Exception {
    Boolean known = sound.get(name);
    if (known == null) {
      Test test = tests.get(name);
      known = failures(test == null ? batch : List.of(test), 0).isEmpty();
      sound.put(name, known);
      if (!known) {
        System.out.println("fails without a mutation: " + name);
      }
    }
    return known;
  }

  private Set<String> failures(List<Test> batch, int mutation) throws Exception {
    Path module = Path.of(batch.get(0).module).toAbsolutePath();
    Path out = Files.createTempDirectory(folder, "run");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "@" + Path.of("jvm.options").toAbsolutePath(),
                "-Xmx3g",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Dllm4msr.shared=" + Path.of("../shared").toAbsolutePath().normalize(),
                "-Dllm4msr.root=" + Path.of("").toAbsolutePath(),
                "-Dbasedir=" + module,
                "-cp",
                classPaths.get(batch.get(0).module)
                    + File.pathSeparator
                    + System.getProperty("console"),
                "org.junit.platform.console.ConsoleLauncher",
                "execute",
                "--details=none",
                "--disable-banner",
                "--reports-dir=" + out));
    excludedTags.forEach(tag -> command.add("--exclude-tag=" + tag));
    batch.forEach(test -> command.add("--select-class=" + test.name));
    ProcessBuilder builder = new ProcessBuilder(command).directory(module.toFile());
    Map<String, String> environment = builder.environment();
    environment.put("OMP_WAIT_POLICY", "PASSIVE");
    environment.put("OMP_NUM_THREADS", "2");
    environment.put("OPT_OUT_TRACKING", "true");
    environment.put("DJL_OFFLINE", "true");
    environment.put("LLM4MSR_MUTATION", String.valueOf(mutation));
    builder.redirectErrorStream(true).redirectOutput(out.resolve("log").toFile());
    Process process = builder.start();
    double seconds = batch.stream().mapToDouble(Test::seconds).sum();
    String all = "JVM of " + batch.stream().map(Test::name).collect(Collectors.joining(","));
    if (!process.waitFor((long) (120 + 8 * seconds), TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
      return Set.of("time: " + all);
    }
    if (process.exitValue() == 0) {
      return Set.of();
    }
    Set<String> failed = new LinkedHashSet<>();
    Path report = out.resolve("TEST-junit-jupiter.xml");
    if (Files.exists(report)) {
      Matcher matcher = FAILED.matcher(Files.readString(report));
      while (matcher.find()) {
        failed.add(matcher.group(1).replaceAll("\\$.*", ""));
      }
    }
    return failed.isEmpty() ? Set.of(all) : failed;
  }

  private void readReports() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of(""), 7)) {
      for (Path file :
          files
              .filter(f -> f.toString().matches(".*target/surefire-reports[^/]*/TEST-[^/]*.xml"))
              .toList()) {
        String text = Files.readString(file);
        Matcher suite = SUITE.matcher(text);
        Matcher path = PATH.matcher(text);
        if (suite.find() && path.find()) {
          String module = file.toString().replaceAll("/target/.*", "");
          String name = suite.group(1);
          double seconds = Double.parseDouble(suite.group(2));
          tests.merge(
              name, new Test(name, module, seconds), (a, b) -> a.seconds >= b.seconds ? a : b);
          classPaths.put(module, path.group(1));
        }
      }
    }
  }

  /**
   * Returns the test classes that reach each mutated method, by themselves or a process of theirs.
   */
  private Map<Integer, Set<String>> reached() throws IOException {
    Map<String, List<String>> parents = new HashMap<>();
    Map<String, TreeMap<Long, String>> entered = new HashMap<>();
    List<String[]> hits = new ArrayList<>();
    for (String row : Files.readAllLines(folder.resolve("trace.tsv"))) {
      String[] cells = row.split("\t", -1);
      long time = Long.parseLong(cells[0]);
      switch (cells[2]) {
        case "start" -> parents.put(cells[1], List.of(cells[3].split(",")));
        case "enter" ->
            entered.computeIfAbsent(cells[1], pid -> new TreeMap<>()).put(time, cells[3]);
        default -> hits.add(cells);
      }
    }
    Map<Integer, Set<String>> reached = new TreeMap<>();
    for (String[] hit : hits) {
      String test = hit[4];
      if (test.isEmpty()) {
        for (String parent : parents.getOrDefault(hit[1], List.of())) {
          var then = entered.getOrDefault(parent, new TreeMap<>()).floorEntry(Long.valueOf(hit[0]));
          if (then != null) {
            test = then.getValue();
            break;
          }
        }
      }
      if (!test.isEmpty()) {
        reached.computeIfAbsent(Integer.valueOf(hit[3]), n -> new LinkedHashSet<>()).add(test);
      }
    }
    return reached;
  }
}
