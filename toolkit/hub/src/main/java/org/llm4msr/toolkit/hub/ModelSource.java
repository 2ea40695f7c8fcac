package org.llm4msr.toolkit.hub;

import static java.util.Objects.requireNonNull;

import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Stability;

/**
 * Where a model's files come from: a folder, a folder of the class path ({@code
 * classpath:models/tiny}), or a repository of the Hugging Face hub ({@code
 * hf:owner/name@revision}). Files from the hub are kept in its own cache folder, which other tools
 * share, and are either complete or absent there. The variables {@code HF_ENDPOINT}, {@code
 * HF_TOKEN}, {@code HF_HUB_CACHE}, {@code HF_HOME}, {@code HF_HUB_OFFLINE}, {@code HTTPS_PROXY},
 * {@code HTTP_PROXY}, {@code ALL_PROXY} and {@code NO_PROXY} have the same meaning as for the hub's
 * own tools.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class ModelSource {

  private static final String CLASS_PATH = "classpath:";
  private static final String HUB = "hf:";
  private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]*";

  private static final Pattern REPOSITORY =
      Pattern.compile("(" + NAME + "(?:/" + NAME + ")?)(?:@(" + NAME + "(?:/" + NAME + ")*))?");

  private final String text;
  private final Path base;
  private final UnaryOperator<String> environment;

  private ModelSource(String text, Path base, UnaryOperator<String> environment) {
    this.text = requireNonNull(text, "text is null");
    this.base = requireNonNull(base, "base is null");
    this.environment = requireNonNull(environment, "environment is null");
  }

  /**
   * A model whose files are on this machine.
   *
   * @param name of the model, without its location
   * @param revision commit of the repository; for other sources {@code folder} or {@code class
   *     path}
   * @param folder that holds the files
   */
  public record Resolved(String name, String revision, Path folder) {}

  /**
   * Names a source.
   *
   * @param base the folder against which a relative one is resolved
   */
  public static ModelSource of(String text, Path base) {
    return of(text, base, System::getenv);
  }

  /**
   * Names a source.
   *
   * @param environment variables by name, null if not set
   */
  public static ModelSource of(String text, Path base, UnaryOperator<String> environment) {
    return new ModelSource(text, base, environment);
  }

  /** Returns whether a text names a folder, and neither the class path nor a hub. */
  public static boolean isFolder(String text) {
    return !text.startsWith(CLASS_PATH) && !text.startsWith(HUB);
  }

  /**
   * Checks whether the source may exist, without asking the hub or reading the files.
   *
   * @throws MsrException of type USER if the folder does not exist or the text names no source
   */
  public void check() {
    if (isHub()) {
      repository();
    } else if (text.startsWith(CLASS_PATH)) {
      classPath().check();
    } else {
      folder();
    }
  }

  /**
   * Brings the files to a folder of this machine if they are not there yet.
   *
   * @param wanted names or patterns of the files, such as {@code *.safetensors}, relative to the
   *     source; other files are not brought. The caller must check that they exist
   * @throws MsrException of type USER if the source does not exist, of type EXTERNAL if the hub
   *     does not answer or sends a file that does not match its checksum
   */
  public Resolved resolve(List<String> wanted) {
    Predicate<String> filter = matching(wanted);
    if (isHub()) {
      Matcher repository = repository();
      String revision = repository.group(2) == null ? "main" : repository.group(2);
      HubModels models = new HubModels(HubSettings.of(environment));
      HubModels.Snapshot snapshot = models.snapshot(repository.group(1), revision, filter);
      return new Resolved(repository.group(1), snapshot.commit(), snapshot.folder());
    }
    if (text.startsWith(CLASS_PATH)) {
      ClassPathModel model = classPath();
      return new Resolved(model.name(), "class path", model.extract(filter));
    }
    Path folder = folder();
    return new Resolved(String.valueOf(folder.getFileName()), "folder", folder);
  }

  private boolean isHub() {
    return text.startsWith(HUB);
  }

  private Matcher repository() {
    Matcher repository = REPOSITORY.matcher(text.substring(HUB.length()));
    if (!repository.matches() || text.contains("..")) {
      throw new MsrException(
          ErrorType.USER,
          "model/BAD_SOURCE",
          "'%s' names no repository. Write it as hf:owner/name or hf:owner/name@revision."
              .formatted(text));
    }
    return repository;
  }

  private ClassPathModel classPath() {
    return new ClassPathModel(text.substring(CLASS_PATH.length()), environment);
  }

  private Path folder() {
    try {
      Path folder = base.resolve(text).toAbsolutePath().normalize();
      if (Files.isDirectory(folder)) {
        return folder;
      }
    } catch (InvalidPathException e) {
      // As below.
    }
    throw new MsrException(
        ErrorType.USER,
        "model/NOT_FOUND",
        "there is no folder '%s' in %s. Use a folder, classpath:folder, or hf:owner/name@revision."
            .formatted(text, base));
  }

  private static Predicate<String> matching(List<String> wanted) {
    List<PathMatcher> matchers =
        wanted.stream()
            .map(pattern -> FileSystems.getDefault().getPathMatcher("glob:" + pattern))
            .toList();
    return file -> matchers.stream().anyMatch(matcher -> matcher.matches(Path.of(file)));
  }
}
