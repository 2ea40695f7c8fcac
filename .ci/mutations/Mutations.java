import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.pitest.classinfo.ClassName;
import org.pitest.mutationtest.EngineArguments;
import org.pitest.mutationtest.engine.Mutater;
import org.pitest.mutationtest.engine.MutationDetails;
import org.pitest.mutationtest.engine.gregor.config.GregorEngineFactory;
import org.pitest.reloc.asm.ClassReader;

/** Draws mutations of the main classes with the operators of PIT, and says what kills them. */
public final class Mutations {

  private static final Path DRAWN = Path.of(".ci/mutations/drawn.tsv");

  private static final Set<String> LEFT_OUT = Set.of("benchmarks", "examples", "archetype");

  private Mutations() {}

  /** Runs {@code draw SEED COUNT}, {@code mutate FOLDER} or {@code kill FOLDER TAGS NUMBER...}. */
  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "draw" -> draw(Long.parseLong(arguments[1]), Integer.parseInt(arguments[2]));
      case "mutate" -> writeMutants(Path.of(arguments[1]));
      case "kill" ->
          new Killing(Path.of(arguments[1]), List.of(arguments[2].split(",")))
              .run(Stream.of(arguments).skip(3).map(Integer::valueOf).collect(Collectors.toSet()));
      default -> throw new IllegalArgumentException("draw, mutate or kill");
    }
  }

  private static void draw(long seed, int count) throws IOException {
    Map<String, List<MutationDetails>> all = new TreeMap<>();
    for (Path classes : classFolders()) {
      List<MutationDetails> found = mutations(classes);
      if (!found.isEmpty()) {
        all.put(
            Path.of("")
                .toAbsolutePath()
                .relativize(classes)
                .toString()
                .replace("/target/classes", ""),
            found);
      }
    }
    long total = all.values().stream().mapToInt(List::size).sum();
    Random random = new Random(seed);
    // One of each module, the others wherever they fall.
    List<Map.Entry<String, MutationDetails>> drawn = new ArrayList<>();
    List<Map.Entry<String, MutationDetails>> rest = new ArrayList<>();
    all.forEach(
        (module, found) -> {
          Collections.shuffle(found, random);
          drawn.add(Map.entry(module, found.get(0)));
          found.stream().skip(1).forEach(one -> rest.add(Map.entry(module, one)));
        });
    Collections.shuffle(rest, random);
    drawn.addAll(rest.subList(0, count - drawn.size()));
    drawn.sort(Map.Entry.comparingByKey());
    List<String> rows = new ArrayList<>();
    for (var one : drawn) {
      MutationDetails details = one.getValue();
      rows.add(
          new Drawn(
                  rows.size() + 1,
                  one.getKey(),
                  details.getId(),
                  details.getLineNumber(),
                  details.getDescription())
              .row());
    }
    Files.write(DRAWN, rows);
    System.out.printf("%d of %d mutations in %d modules%n", count, total, all.size());
  }

  private static List<Path> classFolders() throws IOException {
    try (Stream<Path> folders = Files.walk(Path.of("").toAbsolutePath(), 5)) {
      return folders
          .filter(folder -> folder.endsWith("target/classes"))
          .filter(
              folder ->
                  !LEFT_OUT.contains(
                      Path.of("").toAbsolutePath().relativize(folder).getName(0).toString()))
          .sorted()
          .toList();
    }
  }

  private static Mutater mutater(Path classes) {
    return new GregorEngineFactory()
        .createEngine(EngineArguments.arguments())
        .createMutator(name -> bytes(classes, name));
  }

  private static Optional<byte[]> bytes(Path classes, String name) {
    String file = name.replace('.', '/') + ".class";
    try {
      for (Path folder : Files.exists(classes.resolve(file)) ? List.of(classes) : classFolders()) {
        if (Files.exists(folder.resolve(file))) {
          return Optional.of(Files.readAllBytes(folder.resolve(file)));
        }
      }
      try (InputStream library = ClassLoader.getSystemResourceAsStream(file)) {
        return library == null ? Optional.empty() : Optional.of(library.readAllBytes());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<MutationDetails> mutations(Path classes) throws IOException {
    Mutater mutater = mutater(classes);
    List<MutationDetails> found = new ArrayList<>();
    try (Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".class")).sorted().toList()) {
        String name = classes.relativize(file).toString().replaceAll("\\.class$", "");
        boolean ours = name.startsWith("org/llm4msr/") && !name.startsWith("org/llm4msr/protocol/");
        if (ours && !name.endsWith("-info")) {
          ClassReader reader = new ClassReader(Files.readAllBytes(file));
          boolean record = "java/lang/Record".equals(reader.getSuperName());
          List<MutationDetails> here = mutater.findMutations(ClassName.fromString(name));
          int head = here.stream().mapToInt(MutationDetails::getLineNumber).min().orElse(0);
          // The members that the compiler makes stand in the line of the record's name.
          here.stream()
              .filter(one -> !record || one.getLineNumber() != head)
              .filter(one -> one.getLineNumber() > 0)
              .forEach(found::add);
        }
      }
    }
    return found;
  }

  static List<Drawn> drawn() throws IOException {
    return Files.readAllLines(DRAWN).stream().map(Drawn::read).toList();
  }

  /** Writes one class file a mutation, and what the agent has to know. */
  private static void writeMutants(Path folder) throws IOException {
    Files.createDirectories(folder);
    List<String> rows = new ArrayList<>();
    for (Drawn one : drawn()) {
      Mutater mutater = mutater(Path.of(one.module(), "target/classes").toAbsolutePath());
      MutationDetails now =
          mutater.findMutations(one.id().getClassName()).stream()
              .filter(details -> details.matchesId(one.id()))
              .findFirst()
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "The code of mutation %d has changed: %s. Name in %s where it stands now."
                              .formatted(one.number(), one.row(), DRAWN)));
      Files.write(
          folder.resolve(one.number() + ".class"), mutater.getMutation(now.getId()).getBytes());
      rows.add(one.in(now.getLineNumber()).row());
    }
    Files.write(folder.resolve("drawn.tsv"), rows);
  }
}
