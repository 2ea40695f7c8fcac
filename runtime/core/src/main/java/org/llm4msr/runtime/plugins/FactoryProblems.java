package org.llm4msr.runtime.plugins;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.SpiVersion;
import org.llm4msr.runtime.plugins.check.JarContents;

/** Finds out what is wrong with a factory, and what its author can do about it. */
final class FactoryProblems {

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]*");
  private static final Pattern CLASS_VERSION = Pattern.compile("class file version (\\d+)");

  /** Class files of Java n have the version n + 44. */
  private static final int CLASS_VERSION_OF_JAVA_0 = 44;

  /** What the JVM says of a class that it has tried to initialise before. */
  private static final String FAILED_BEFORE = "Could not initialize class ";

  private FactoryProblems() {}

  /** Returns what makes a class unusable as a factory of a kind; null if nothing does. */
  static @Nullable PluginProblem ofFactory(Class<?> type, PluginKind kind, PluginOrigin origin) {
    PluginProblem version = ofVersion(origin, type.getClassLoader() instanceof PluginClassLoader);
    if (version != null) {
      return version;
    }
    if (!kind.service().isAssignableFrom(type)) {
      return new PluginProblem(
          "NOT_A_FACTORY",
          type.getName()
              + " is registered as "
              + kind.service().getSimpleName()
              + " but is not one",
          "Name it in the services file of the factory type that it implements.");
    }
    Plugin plugin = type.getAnnotation(Plugin.class);
    if (plugin == null) {
      return new PluginProblem(
          "NO_ANNOTATION",
          "the class has no @Plugin annotation",
          "Add @Plugin(name = ..., description = ...) to " + type.getName() + ".");
    }
    if (!NAME.matcher(plugin.name()).matches()) {
      return new PluginProblem(
          "BAD_NAME",
          "the name \"" + plugin.name() + "\" is not of the form " + NAME.pattern(),
          "Change it in the annotation of " + type.getName() + ".");
    }
    return ofShape(type);
  }

  private static @Nullable PluginProblem ofShape(Class<?> type) {
    String name = type.getName();
    if (Modifier.isAbstract(type.getModifiers())) {
      return new PluginProblem(
          "ABSTRACT", "the class is abstract", "Register a class that implements " + name + ".");
    }
    if (!Modifier.isPublic(type.getModifiers())) {
      return new PluginProblem(
          "NOT_PUBLIC", "the class is not public", "Make " + name + " public.");
    }
    boolean sound =
        Stream.of(type.getConstructors())
            .anyMatch(constructor -> constructor.getParameterCount() == 0);
    return sound
        ? null
        : new PluginProblem(
            "NO_CONSTRUCTOR",
            "the class has no public constructor without parameters",
            "Give %s one; what it needs is handed to create().".formatted(name));
  }

  /** Jars in a plugin folder must state their version; folders of classes, as in an IDE, cannot. */
  private static @Nullable PluginProblem ofVersion(PluginOrigin origin, boolean required) {
    String stated = origin.spiVersion();
    if (stated == null) {
      return required
          ? new PluginProblem(
              "NO_SPI_VERSION",
              "the jar does not say which SPI version it was compiled with; this runtime serves "
                  + SpiVersion.CURRENT,
              "The annotation processor llm4msr-processor writes it to META-INF/MANIFEST.MF: have"
                  + " maven-jar-plugin use it, with <archive><manifestFile>"
                  + "${project.build.outputDirectory}/META-INF/MANIFEST.MF</manifestFile></archive>.")
          : null;
    }
    try {
      SpiVersion compiled = SpiVersion.parse(stated);
      return SpiVersion.CURRENT.serves(compiled) ? null : otherVersion(compiled);
    } catch (IllegalArgumentException e) {
      return new PluginProblem(
          "SPI_VERSION",
          "its manifest entry %s is \"%s\"".formatted(SpiVersion.MANIFEST_ENTRY, stated),
          "It is a version such as "
              + SpiVersion.CURRENT
              + "; the annotation processor llm4msr-processor writes it.");
    }
  }

  private static PluginProblem otherVersion(SpiVersion compiled) {
    boolean newer = compiled.major() > SpiVersion.CURRENT.major() || sameMajor(compiled);
    String remedy =
        newer
            ? "Use a newer llm4msr, or compile the plugin with the llm4msr-bom of this one."
            : "Use a newer release of the plugin, or compile it with the llm4msr-bom of this llm4msr.";
    return new PluginProblem(
        "SPI_VERSION",
        "it was compiled with SPI version %s and this runtime serves %s (the same first number, the second not above)"
            .formatted(compiled, SpiVersion.CURRENT),
        remedy);
  }

  private static boolean sameMajor(SpiVersion compiled) {
    return compiled.major() == SpiVersion.CURRENT.major();
  }

  /** Explains an error from loading or creating a factory. */
  static PluginProblem ofError(Throwable error, @Nullable ClassLoader loader) {
    for (Throwable at = error; at != null; at = at.getCause()) {
      PluginProblem problem = ofKnownError(at, loader);
      if (problem != null) {
        return problem;
      }
    }
    return new PluginProblem(
        "BROKEN",
        "its constructor threw " + describe(root(error)),
        "A factory's constructor does nothing: move the work to create(), where settings are at hand.");
  }

  private static @Nullable PluginProblem ofKnownError(
      Throwable error, @Nullable ClassLoader loader) {
    String message = String.valueOf(error.getMessage());
    boolean again = error instanceof NoClassDefFoundError && message.startsWith(FAILED_BEFORE);
    if (error instanceof ExceptionInInitializerError || again) {
      Throwable cause = error.getCause();
      return new PluginProblem(
          "STATIC_INITIALIZER",
          cause == null
              ? "a static initialiser failed: " + message
              : "a static initialiser%s threw %s".formatted(ofClass(cause), describe(root(cause))),
          cause != null && root(cause) instanceof IOException
              ? "If a native library could not be unpacked: make room in the folder for"
                  + " temporary files, or choose another with"
                  + " LLM4MSR_JAVA_OPTS=-Djava.io.tmpdir=DIR."
              : "Do nothing when a class loads: move the work to create().");
    }
    if (error instanceof StackOverflowError overflow) {
      return PluginFaults.problem(overflow);
    }
    if (error instanceof UnsupportedClassVersionError) {
      return otherJava(message);
    }
    boolean absent =
        error instanceof NoClassDefFoundError || error instanceof ClassNotFoundException;
    if (error instanceof ClassFormatError || (absent && root(error) instanceof IOException)) {
      return damaged("a jar is damaged: a class in it cannot be read", root(error));
    }
    if (absent) {
      return missing(message.replace('/', '.'), loader);
    }
    if (error instanceof LinkageError) {
      return new PluginProblem(
          "LINKAGE",
          describe(error) + ". Versions: " + Versions.of(loader),
          "Compile the plugin with the llm4msr-bom of this release, and give its folder the"
              + " versions of its own libraries that it was compiled with.");
    }
    return null;
  }

  /** Returns the class whose static initialiser threw an error. */
  private static String ofClass(Throwable thrown) {
    return Stream.of(thrown.getStackTrace())
        .filter(frame -> frame.getMethodName().equals("<clinit>"))
        .findFirst()
        .map(frame -> " of " + frame.getClassName())
        .orElse("");
  }

  /** Returns the problem of a jar whose bytes are not those that were packed. */
  static PluginProblem damaged(String description, Throwable error) {
    return new PluginProblem(
        "CORRUPT_JAR", "%s (%s)".formatted(description, describe(error)), JarContents.COPY_AGAIN);
  }

  private static PluginProblem otherJava(String message) {
    Matcher matcher = CLASS_VERSION.matcher(message);
    String java =
        matcher.find()
            ? String.valueOf(Integer.parseInt(matcher.group(1)) - CLASS_VERSION_OF_JAVA_0)
            : "a newer Java";
    return new PluginProblem(
        "JAVA_VERSION",
        "it was compiled for Java %s and this is Java %d"
            .formatted(java, Runtime.version().feature()),
        "Compile it with <maven.compiler.release>17</maven.compiler.release>, or run a newer Java.");
  }

  private static PluginProblem missing(String name, @Nullable ClassLoader loader) {
    String remedy;
    if (name.startsWith("org.llm4msr.") && !name.startsWith(SharedPackages.API)) {
      remedy =
          "Plugins see org.llm4msr.api and nothing else of llm4msr: do without it, or add that"
              + " library's jar.";
    } else if (SharedPackages.holdClass(name)) {
      remedy =
          "It would come from the runtime, which has another version. Versions: "
              + Versions.of(loader)
              + ". Compile the plugin with the llm4msr-bom of this release.";
    } else {
      remedy =
          "Put the jar that holds it beside the plugin's; `mvn dependency:copy-dependencies"
              + " -DincludeScope=runtime` collects them. In the POM, a library that the plugin"
              + " brings has the scope compile.";
    }
    return new PluginProblem("MISSING_CLASS", "the class " + name + " is missing", remedy);
  }

  private static Throwable root(Throwable error) {
    Throwable root = error;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }

  static String describe(Throwable error) {
    String message = error.getMessage();
    return error.getClass().getSimpleName() + (message == null ? "" : ": " + message);
  }
}
