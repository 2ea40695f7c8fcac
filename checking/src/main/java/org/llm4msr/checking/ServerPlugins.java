package org.llm4msr.checking;

import jakarta.validation.Valid;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.api.features.FeatureSourceFactory;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.loading.AnyValue;
import org.llm4msr.runtime.config.loading.ConfigLoader;

/** The plugins that the configuration of a server names; nothing else of it is looked at. */
record ServerPlugins(
    @Setting("Has the source of features") @Valid @Nullable Features features,
    @Setting("Has the encoder of texts") @Valid @Nullable Knowledge knowledge) {

  record Features(
      @Setting("Feature source") @Valid
          @Nullable PluginChoice<FeatureSourceFactory<Record>, Record> source) {}

  record Knowledge(
      @Setting("Knowledge encoder") @Valid
          @Nullable PluginChoice<KnowledgeEncoderFactory<Record>, Record> encoder) {}

  /** What tells a server from an experiment. */
  record Sections(
      @Setting("Of an experiment") @Nullable AnyValue dataset,
      @Setting("Of a server") @Nullable AnyValue models,
      @Setting("Of a server") @Nullable AnyValue features) {}

  /** Returns whether a file configures a server. */
  static boolean isServer(ConfigLoader loader, Path file) {
    Sections sections = loader.readPart(Sections.class, file);
    return sections.dataset() == null && (sections.models() != null || sections.features() != null);
  }

  /**
   * Reads the configuration of a server.
   *
   * @throws org.llm4msr.api.MsrException as {@link ConfigLoader#load}
   */
  static ServerPlugins read(ConfigLoader loader, Path file) {
    return loader.readPart(ServerPlugins.class, file);
  }

  /** Returns the plugins with their settings. */
  List<PluginChoice<?, ?>> choices() {
    List<PluginChoice<?, ?>> all = new ArrayList<>();
    if (features != null && features.source() != null) {
      all.add(features.source());
    }
    if (knowledge != null && knowledge.encoder() != null) {
      all.add(knowledge.encoder());
    }
    return all;
  }
}
