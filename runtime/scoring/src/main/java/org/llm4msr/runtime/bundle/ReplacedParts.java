package org.llm4msr.runtime.bundle;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.ModelPart;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginStamp;

/** Parts of a trained model that modules put in the place of those that its file names. */
final class ReplacedParts {

  private ReplacedParts() {}

  /**
   * Checks that the parts that a module replaced in training are replaced here as well.
   *
   * @param parts with which the bundle is loaded
   * @throws MsrException {@code bundle/OTHER_PARTS} naming the part that is missing
   */
  static void require(Path bundle, BundleManifest manifest, List<ModelPart> parts) {
    for (ModelPart part : parts) {
      List<String> trained = names(manifest.plugins(), part.kind());
      if (!trained.contains(part.choice().name())) {
        trained.stream()
            .filter(name -> !isStated(name, part.kind(), manifest.config(), parts))
            .findFirst()
            .ifPresent(
                name -> {
                  throw missing(bundle, part, name);
                });
      }
    }
  }

  private static List<String> names(List<PluginStamp> plugins, PluginKind kind) {
    return plugins.stream()
        .filter(plugin -> plugin.kind().equals(kind.key()))
        .map(PluginStamp::name)
        .toList();
  }

  /** Two meta networks are of one kind, so a name may stand at the other's key. */
  private static boolean isStated(
      String name, PluginKind kind, Map<String, Object> config, List<ModelPart> parts) {
    return parts.stream()
        .filter(part -> part.kind() == kind)
        .anyMatch(part -> name.equals(value(config, part.key())));
  }

  private static @Nullable Object value(Map<String, Object> config, String key) {
    Object value = config;
    for (String name : key.split("\\.", -1)) {
      value = value instanceof Map<?, ?> map ? map.get(name) : null;
    }
    return value;
  }

  private static MsrException missing(Path bundle, ModelPart part, String trained) {
    return new MsrException(
        ErrorType.USER,
        "bundle/OTHER_PARTS",
        "%s was trained with the %s '%s', which a module put in the place of '%s' of %s. Load it from Java with that module, as docs/embedding.md shows."
            .formatted(bundle, part.kind().title(), trained, part.choice().name(), part.key()));
  }
}
