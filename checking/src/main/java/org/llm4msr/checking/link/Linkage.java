package org.llm4msr.checking.link;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.jar.JarFile;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;
import org.llm4msr.checking.link.ClassFile.Member;
import org.llm4msr.checking.link.ClassSpace.Problem;
import org.llm4msr.checking.link.Reach.Place;
import org.llm4msr.checking.link.Reference.Guard;
import org.llm4msr.checking.link.Reference.Kind;
import org.llm4msr.runtime.plugins.PluginFolder;
import org.llm4msr.runtime.plugins.check.CheckFinding;

/**
 * Links the classes of a plugin folder against what they run with, before any of their code runs.
 *
 * <p>Every reference of the plugin's own classes must be found: these are the classes of the jars
 * that register plugins, in the packages of their factories (the first two parts of the name alike,
 * such as {@code com.acme}), so that a library packed into the same jar is still a library. What a
 * handler for errors of linkage guards is the author's choice.
 *
 * <p>Libraries refer to others that are optional, and a folder does well without these. So theirs
 * count only in code that the plugin reaches ({@link Reach}), where no handler guards them, and
 * where the library looks nothing up by name in the package that is missing. The rest is counted in
 * a note for each jar.
 */
public final class Linkage {

  private final PluginFolder folder;
  private final ClassSpace space;
  private final List<ClassFile> own = new ArrayList<>();
  private final List<ClassFile> libraries = new ArrayList<>();
  private final Set<String> lookedUp = new HashSet<>();
  private final Map<String, Found> found = new LinkedHashMap<>();
  private final Map<Path, LeftOut> leftOut = new TreeMap<>();
  private final Set<String> notes = new TreeSet<>();
  private Set<ClassFile> reached = Set.of();

  /** The first of several alike; what else is alike, and in how many places. */
  private static final class Found {
    final CheckFinding first;
    final Set<String> what = new TreeSet<>();
    int more;

    Found(CheckFinding first) {
      this.first = first;
      what.add(first.what());
    }
  }

  /** References of a library that may stay unresolved. */
  private static final class LeftOut {
    final Set<String> what = new TreeSet<>();
    int references;
  }

  private Linkage(PluginFolder folder) {
    this.folder = folder;
    this.space = new ClassSpace(folder);
  }

  /** Links a folder from which plugins are loaded. */
  public static Linkage of(PluginFolder folder) throws IOException {
    Linkage linkage = new Linkage(folder);
    linkage.readClasses();
    linkage.link();
    return linkage;
  }

  /** Returns what is wrong. */
  public List<CheckFinding> findings() {
    return found.values().stream().map(Linkage::counted).toList();
  }

  private static CheckFinding counted(Found all) {
    int others = all.what.size() - 1;
    return new CheckFinding(
        all.first.code(),
        all.first.what() + (others == 0 ? "" : ", and %d more".formatted(others)),
        all.first.where() + (all.more == 0 ? "" : "; " + counted(all.more, "more place")),
        all.first.wayOut());
  }

  private static String counted(int number, String thing) {
    return "%d %s%s".formatted(number, thing, number == 1 ? "" : "s");
  }

  /** Returns what is left out, and need not be wrong. */
  public List<String> notes() {
    List<String> all = new ArrayList<>(notes);
    leftOut.forEach(
        (jar, of) ->
            all.add(
                "%s: %d unresolved references that the plugin does not reach or that are guarded: %s"
                    .formatted(jar.getFileName(), of.references, some(of.what))));
    return all;
  }

  private static String some(Set<String> all) {
    List<String> first = all.stream().limit(3).toList();
    String more = all.size() > first.size() ? ", %d more".formatted(all.size() - first.size()) : "";
    return String.join(", ", first) + more;
  }

  /** Returns what was linked, in words. */
  public String extent() {
    return "%d classes of the plugin, and %d of %d in libraries that they reach"
        .formatted(own.size(), reached.size(), libraries.size());
  }

  private void readClasses() throws IOException {
    Set<String> packages = new HashSet<>();
    for (String factory : folder.factories()) {
      packages.add(home(factory.replace('.', '/')));
    }
    Set<Path> pluginJars = new HashSet<>(folder.pluginJars());
    Set<String> seen = new HashSet<>();
    for (Path jar : folder.jars()) {
      for (String name : classes(jar)) {
        ClassFile type = seen.add(name) ? space.find(name) : null;
        if (type != null && type.jar() != null) {
          boolean isOwn = pluginJars.contains(type.jar()) && packages.contains(home(name));
          (isOwn ? own : libraries).add(type);
          lookedUp.addAll(isOwn ? Set.of() : type.texts());
        }
      }
    }
  }

  /** Returns the first two parts of a class's package, or what there is of it. */
  private static String home(String name) {
    String[] parts = name.split("/");
    return String.join("/", List.of(parts).subList(0, Math.min(2, parts.length - 1)));
  }

  private static List<String> classes(Path jar) throws IOException {
    try (JarFile file =
        new JarFile(jar.toFile(), false, ZipFile.OPEN_READ, JarFile.runtimeVersion())) {
      return file.versionedStream()
          .map(entry -> entry.getName())
          .filter(name -> name.endsWith(".class") && !name.endsWith("module-info.class"))
          .filter(name -> !name.startsWith("META-INF/"))
          .map(name -> name.substring(0, name.length() - ".class".length()))
          .toList();
    }
  }

  private void link() {
    for (ClassFile type : own) {
      requireReadable(type);
      check(type, null, type.references());
      type.fields().forEach(field -> check(type, field, field.references()));
      type.methods().forEach(method -> check(type, method, method.references()));
    }
    Reach reach = Reach.from(own, space);
    reached = reach.touched().keySet();
    reach
        .touched()
        .forEach(
            (type, from) -> {
              requireReadable(type);
              type.references().forEach(r -> check(new Place(type, null, 0), r, from));
            });
    Set<Member> entered = new HashSet<>();
    for (Reach.Entry entry : reach.entered()) {
      entered.add(entry.member());
      for (Reference reference : entry.member().references()) {
        Place place = new Place(entry.type(), entry.member(), reference.line());
        check(place, reference, entry.from());
      }
    }
    libraries.forEach(type -> leave(type, entered));
    own.forEach(type -> load(type, true));
    reached.forEach(type -> load(type, false));
  }

  /** Counts what is not reached of a class. */
  private void leave(ClassFile type, Set<Member> entered) {
    if (!reached.contains(type)) {
      type.references().forEach(reference -> leave(type, reference));
      if (isNewer(type) && type.jar() != null) {
        leave(type.jar(), "classes for Java " + type.java());
      }
    }
    for (Member method : type.methods()) {
      if (!entered.contains(method)) {
        method.references().forEach(reference -> leave(type, reference));
      }
    }
  }

  private static boolean isNewer(ClassFile type) {
    return type.java() > Runtime.version().feature();
  }

  private void requireReadable(ClassFile type) {
    if (isNewer(type)) {
      add(
          "java " + type.java() + " " + type.jar(),
          newer(type, String.valueOf(new Place(type, null, 0))));
    }
  }

  private CheckFinding newer(ClassFile type, String where) {
    CheckFinding finding =
        folder.explain(
            new UnsupportedClassVersionError(
                "class file version " + (type.java() + ClassFileReader.VERSION_OF_JAVA_0)),
            where);
    return new CheckFinding(
        finding.code(),
        finding.what().replaceFirst("^it ", "the class " + type.title() + " "),
        where,
        finding.wayOut());
  }

  /** Checks references of the plugin's own. */
  private void check(ClassFile type, @Nullable Member member, List<Reference> references) {
    for (Reference reference : references) {
      Problem problem = space.problem(reference);
      if (problem == null) {
        continue;
      }
      Place place = new Place(type, member, reference.line());
      if (reference.kind() == Kind.ANNOTATION) {
        notes.add("%s, so Java leaves it out: %s".formatted(problem.what(), place));
      } else if (reference.guard() == Guard.LINKAGE) {
        notes.add("%s, which the plugin expects: %s".formatted(problem.what(), place));
      } else {
        add(problem, () -> place.toString());
      }
    }
  }

  /** Checks a reference of a library, in code that is reached from a place of the plugin's own. */
  private void check(Place place, Reference reference, Place from) {
    if (reference.kind() == Kind.DECLARED || reference.kind() == Kind.ANNOTATION) {
      return;
    }
    Problem problem = space.problem(reference);
    if (problem == null) {
      return;
    }
    if (reference.guard() != Guard.NONE || isLookedUp(problem)) {
      leave(place.type(), reference);
    } else {
      add(problem, () -> place + ", reached from " + from);
    }
  }

  /** Returns whether a library asks by name whether a package is there. */
  private boolean isLookedUp(Problem problem) {
    if (problem.missing() == null) {
      return false;
    }
    String name = problem.missing().replace('/', '.');
    String start = name.substring(0, name.lastIndexOf('.') + 1);
    return lookedUp.stream().anyMatch(text -> !start.isEmpty() && text.startsWith(start));
  }

  private void leave(ClassFile type, Reference reference) {
    if (reference.kind() == Kind.DECLARED || reference.kind() == Kind.ANNOTATION) {
      return;
    }
    Problem problem = space.problem(reference);
    Path jar = type.jar();
    if (problem != null && jar != null) {
      leave(jar, problem.missing() == null ? problem.what() : problem.missing().replace('/', '.'));
    }
  }

  private void leave(Path jar, String what) {
    LeftOut of = leftOut.computeIfAbsent(jar, key -> new LeftOut());
    of.what.add(what);
    of.references++;
  }

  private void add(Problem problem, Supplier<String> where) {
    String missing = problem.missing();
    LinkageError error =
        missing == null ? new NoSuchMethodError(problem.what()) : new NoClassDefFoundError(missing);
    CheckFinding explained = folder.explain(error, where.get());
    add(
        missing == null ? problem.what() : missing.substring(0, missing.lastIndexOf('/') + 1),
        new CheckFinding(explained.code(), problem.what(), explained.where(), explained.wayOut()));
  }

  private void add(String key, CheckFinding finding) {
    Found known = found.putIfAbsent(key, new Found(finding));
    if (known != null && !known.first.equals(finding)) {
      known.more++;
      known.what.add(finding.what());
    }
  }

  /** Has the JVM load a class, which finds what names do not show. */
  private void load(ClassFile type, boolean verify) {
    if (type.readable()) {
      folder
          .load(type.title(), verify)
          .filter(error -> !(error instanceof NoClassDefFoundError)) // A reference, found before.
          .map(error -> folder.explain(error, String.valueOf(new Place(type, null, 0))))
          .ifPresent(finding -> add(finding.what(), finding));
    }
  }
}
