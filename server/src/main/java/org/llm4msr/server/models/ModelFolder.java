package org.llm4msr.server.models;

import java.nio.file.Path;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.server.config.ModelEntry;
import org.llm4msr.serving.ranker.Ranker;
import org.llm4msr.serving.ranker.RankerSettings;

/** Opens the models that a configuration names. */
public final class ModelFolder {

  private final ConfigLoader loader;

  /** Opens models with the plugins of a loader. */
  public ModelFolder(ConfigLoader loader) {
    this.loader = loader;
  }

  /**
   * Opens a model; the caller closes its ranker.
   *
   * @throws org.llm4msr.api.MsrException as {@link Ranker#open(Path)}
   */
  public ServedModel open(String name, ModelEntry entry) {
    Path folder = entry.bundle().toAbsolutePath().normalize();
    Ranker ranker = Ranker.open(folder, RankerSettings.STANDARD, loader);
    return new ServedModel(
        name, String.valueOf(folder.getFileName()), folder, entry.weight(), ranker);
  }
}
