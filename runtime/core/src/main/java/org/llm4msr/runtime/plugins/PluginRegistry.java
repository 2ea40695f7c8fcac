package org.llm4msr.runtime.plugins;

import static java.util.Objects.requireNonNull;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.runtime.text.ShellWord;

/**
 * The plugins on the class path and in plugin folders, by kind and name. Finding them creates none;
 * a factory is created when it is first requested. A broken one is kept with its cause, and the
 * others work. Safe for use by several threads.
 */
public final class PluginRegistry {

  /** The system property with the standard plugin folders, joined like a class path. */
  public static final String FOLDER_PROPERTY = "llm4msr.plugins";

  private final Map<PluginKind, Map<String, Candidate>> found = new EnumMap<>(PluginKind.class);
  private final List<Path> roots;
  private final List<BrokenPlugin> unreadable;
  private final Map<PluginDescriptor, Object> created = new ConcurrentHashMap<>();

  private PluginRegistry(
      List<Path> roots, List<Candidate> candidates, List<BrokenPlugin> unreadable) {
    this.roots = List.copyOf(roots);
    this.unreadable = new ArrayList<>(unreadable);
    for (PluginKind kind : PluginKind.values()) {
      found.put(kind, new TreeMap<>());
    }
    Map<PluginKind, Map<String, List<Candidate>>> grouped = new EnumMap<>(PluginKind.class);
    for (Candidate candidate : candidates) {
      grouped
          .computeIfAbsent(candidate.descriptor().kind(), kind -> new TreeMap<>())
          .computeIfAbsent(candidate.descriptor().name(), name -> new ArrayList<>())
          .add(candidate);
    }
    grouped.forEach((kind, byName) -> byName.forEach((name, same) -> add(kind, name, same)));
  }

  private void add(PluginKind kind, String name, List<Candidate> same) {
    if (same.size() == 1) {
      byName(kind).put(name, same.get(0));
      return;
    }
    MsrException error = PluginErrors.duplicate(kind, name, same);
    for (Candidate candidate : same) {
      unreadable.add(new BrokenPlugin(kind, name, candidate.descriptor().origin(), error));
    }
  }

  /** A factory class that was found; not yet instantiated. */
  record Candidate(PluginDescriptor descriptor, Class<?> factory) {}

  /**
   * Finds the plugins that a class loader sees, and those in folders.
   *
   * @param host sees the runtime
   * @param roots each holds one folder per plugin, with its jars; each of these gets its own class
   *     loader
   * @throws MsrException {@code plugin/NO_FOLDER} if a root cannot be read
   */
  public static PluginRegistry load(ClassLoader host, List<Path> roots) {
    return of(host, roots, opened(host, roots));
  }

  private static List<PluginFolders> opened(ClassLoader host, List<Path> roots) {
    List<PluginFolders> opened = new ArrayList<>();
    distinct(roots).forEach(root -> opened.add(PluginFolders.open(root, host)));
    return opened;
  }

  private static PluginRegistry of(ClassLoader host, List<Path> roots, List<PluginFolders> opened) {
    List<Candidate> candidates = new ArrayList<>();
    List<BrokenPlugin> broken = new ArrayList<>();
    scan(new PluginScan(host, null), candidates, broken);
    for (PluginFolders folders : opened) {
      broken.addAll(folders.broken());
      folders.loaders().forEach(loader -> scan(new PluginScan(loader, null), candidates, broken));
      for (PluginFolders.Damaged folder : folders.damaged()) {
        scan(new PluginScan(folder.loader(), folder.problem()), candidates, broken);
      }
    }
    return new PluginRegistry(roots, candidates, broken);
  }

  /** The plugins of a folder that is named twice are not duplicates. */
  private static Collection<Path> distinct(List<Path> roots) {
    Map<Path, Path> byPlace = new LinkedHashMap<>();
    roots.forEach(root -> byPlace.putIfAbsent(place(root), root));
    return byPlace.values();
  }

  private static Path place(Path root) {
    try {
      return root.toRealPath();
    } catch (IOException e) {
      return root; // Refused when it is opened.
    }
  }

  private static void scan(PluginScan scan, List<Candidate> candidates, List<BrokenPlugin> broken) {
    for (PluginKind kind : PluginKind.values()) {
      scan.scan(kind);
    }
    candidates.addAll(scan.candidates());
    broken.addAll(scan.broken());
  }

  /**
   * Finds the plugins on the class path, in those of the standard folders that exist, and in the
   * folders given.
   */
  public static PluginRegistry load(List<Path> folders) {
    return load(host(), withStandard(folders));
  }

  /** As {@link #load(List)}, with the plugins of one folder of jars, in or outside of the roots. */
  public static PluginRegistry loadWith(Path folder, List<Path> roots) {
    ClassLoader host = host();
    Path own = folder.toAbsolutePath().normalize();
    Path above = own.getParent();
    List<Path> all = withStandard(roots);
    if (above != null && all.stream().map(PluginRegistry::place).anyMatch(place(above)::equals)) {
      return load(roots);
    }
    List<PluginFolders> opened = opened(host, all);
    opened.add(PluginFolders.openOne(own, host));
    return of(host, all, opened);
  }

  private static List<Path> withStandard(List<Path> folders) {
    return Stream.concat(standardFolders().stream(), folders.stream()).toList();
  }

  private static List<Path> standardFolders() {
    return Stream.of(System.getProperty(FOLDER_PROPERTY, "").split(File.pathSeparator))
        .filter(folder -> !folder.isEmpty())
        .map(Path::of)
        .filter(Files::isDirectory)
        .toList();
  }

  /** Finds the plugins on the class path. */
  public static PluginRegistry load() {
    return load(host(), List.of());
  }

  /** The context class loader, as it may see more than ours, unless it does not even see us. */
  private static ClassLoader host() {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    try {
      if (Class.forName(PluginRegistry.class.getName(), false, context) == PluginRegistry.class) {
        return context;
      }
    } catch (ClassNotFoundException | LinkageError e) {
      // Not a loader of the application.
    }
    return PluginRegistry.class.getClassLoader();
  }

  /** Returns the plugins of a kind, by name, without those that are known to be broken. */
  public List<PluginDescriptor> plugins(PluginKind kind) {
    return byName(kind).values().stream()
        .map(Candidate::descriptor)
        .filter(plugin -> !(created.get(plugin) instanceof MsrException))
        .toList();
  }

  /** Returns the names of the usable plugins of a kind. */
  public List<String> names(PluginKind kind) {
    return List.copyOf(byName(kind).keySet());
  }

  /** Returns what was found but cannot be used, including factories that failed on creation. */
  public List<BrokenPlugin> broken() {
    List<BrokenPlugin> all = new ArrayList<>(unreadable);
    created.forEach(
        (plugin, outcome) -> {
          if (outcome instanceof MsrException error) {
            all.add(new BrokenPlugin(plugin.kind(), plugin.name(), plugin.origin(), error));
          }
        });
    return List.copyOf(all);
  }

  /** Creates every factory, so that {@link #broken()} also names those that fail at creation. */
  public List<BrokenPlugin> verify() {
    return verify(any -> true);
  }

  /** As {@link #verify()}, of some plugins alone. */
  public List<BrokenPlugin> verify(Predicate<PluginDescriptor> which) {
    for (Map<String, Candidate> byName : found.values()) {
      byName.values().stream()
          .filter(candidate -> which.test(candidate.descriptor()))
          .forEach(this::outcome);
    }
    return broken();
  }

  /** Returns a text for each plugin folder that holds libraries which are ignored. */
  public List<String> ignoredLibraries() {
    return found.values().stream()
        .flatMap(byName -> byName.values().stream())
        .map(candidate -> candidate.factory().getClassLoader())
        .distinct()
        .flatMap(loader -> IgnoredLibraries.of(loader).stream())
        .toList();
  }

  /**
   * Returns what is known of a plugin.
   *
   * @throws MsrException {@code plugin/UNKNOWN} naming the known plugins, {@code plugin/DUPLICATE}
   *     naming both jars, or what is wrong with a broken plugin of this name
   */
  public PluginDescriptor describe(PluginKind kind, String name) {
    return candidate(kind, name).descriptor();
  }

  /**
   * Returns what is known of the plugins of a name, one of each kind that has it.
   *
   * @throws MsrException {@code plugin/UNKNOWN} naming the known plugins, or what is wrong with a
   *     broken plugin of this name
   */
  public List<PluginDescriptor> describe(String name) {
    List<PluginDescriptor> named =
        Stream.of(PluginKind.values())
            .flatMap(kind -> plugins(kind).stream())
            .filter(plugin -> plugin.name().equals(name))
            .toList();
    if (!named.isEmpty()) {
      return named;
    }
    for (BrokenPlugin broken : broken()) {
      if (broken.label().equals(name)) {
        throw broken.error();
      }
    }
    throw PluginErrors.unknown(name, this);
  }

  /**
   * Returns a factory; it is created at the first call.
   *
   * @throws MsrException as {@link #describe}, and {@code plugin/BROKEN} if it cannot be created
   */
  public PluginFactory<?> factory(PluginKind kind, String name) {
    Object outcome = outcome(candidate(kind, name));
    if (outcome instanceof MsrException error) {
      throw error;
    }
    return (PluginFactory<?>) outcome;
  }

  /** As {@link #factory(PluginKind, String)}, for the factory type of a kind. */
  public <F> F factory(Class<F> service, String name) {
    return service.cast(factory(PluginKind.of(service), name));
  }

  /** Returns the class loader of this name, as in a stack trace; else that of the runtime. */
  ClassLoader loader(String name) {
    return found.values().stream()
        .flatMap(byName -> byName.values().stream())
        .map(candidate -> candidate.factory().getClassLoader())
        .filter(loader -> name.equals(loader.getName()))
        .findFirst()
        .orElse(PluginRegistry.class.getClassLoader());
  }

  private Map<String, Candidate> byName(PluginKind kind) {
    return requireNonNull(found.get(kind), "every kind has a map");
  }

  private Candidate candidate(PluginKind kind, String name) {
    Candidate candidate = byName(kind).get(name);
    if (candidate != null) {
      return candidate;
    }
    for (BrokenPlugin broken : unreadable) {
      if (broken.kind() == kind && broken.label().equals(name)) {
        throw broken.error();
      }
    }
    throw PluginErrors.unknown(kind, name, this);
  }

  private Object outcome(Candidate candidate) {
    return created.computeIfAbsent(candidate.descriptor(), plugin -> create(candidate));
  }

  /** Returns the factory, or the error that says why there is none. */
  private static Object create(Candidate candidate) {
    PluginDescriptor plugin = candidate.descriptor();
    Class<?> type = candidate.factory();
    try (ContextLoader scope = ContextLoader.ofLoader(type.getClassLoader())) {
      PluginFactory<?> factory = (PluginFactory<?>) type.getConstructor().newInstance();
      PluginProblem problem = SettingsProblems.of(factory.configType());
      return problem == null ? factory : PluginErrors.broken(plugin, problem, null);
    } catch (ReflectiveOperationException
        | RuntimeException
        | LinkageError
        | StackOverflowError e) {
      return PluginErrors.broken(plugin, FactoryProblems.ofError(e, type.getClassLoader()), e);
    }
  }

  /** Returns the command that lists these plugins, those of folders that a user named included. */
  public String listCommand() {
    List<Path> standard = standardFolders();
    return roots.stream()
        .filter(root -> !standard.contains(root))
        .map(root -> " --plugins " + ShellWord.quoted(root.toString()))
        .collect(Collectors.joining("", "llm4msr plugins list", ""));
  }

  /** Returns what cannot be used and may hold a plugin of these kinds that was not found. */
  public List<BrokenPlugin> mayHold(List<PluginKind> kinds) {
    return broken().stream()
        .filter(plugin -> plugin.kind() == null || kinds.contains(plugin.kind()))
        .toList();
  }

  /** Throws if anything that was found cannot be used: the strict mode. */
  public void requireSound() {
    requireSound(List.of());
  }

  /**
   * Throws if anything that was found cannot be used.
   *
   * @param told whose reasons the user has read already
   */
  public void requireSound(List<BrokenPlugin> told) {
    List<BrokenPlugin> broken = verify();
    if (broken.isEmpty()) {
      return;
    }
    List<String> reasons = new ArrayList<>(BrokenPlugin.reasons(broken));
    reasons.removeAll(BrokenPlugin.reasons(told));
    String count = broken.size() == 1 ? "1 plugin" : broken.size() + " plugins";
    String text =
        reasons.isEmpty()
            ? count + " cannot be used. The list above says why."
            : String.join("\n  ", count + " cannot be used:", String.join("\n  ", reasons));
    throw new MsrException(ErrorType.PLUGIN, "plugin/BROKEN", text);
  }
}
