package org.llm4msr.runtime.plugins;

import java.util.Arrays;
import java.util.List;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.data.DatasetGeneratorFactory;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.api.features.FeatureSourceFactory;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.MetaNetworkFactory;

/** The kinds of plugins. A closed set: each kind has its own factory type in the API. */
@SuppressWarnings("rawtypes") // A class literal cannot name a generic factory exactly.
public enum PluginKind {
  /** Reads a published raw format. */
  DATASET_READER("dataset-reader", "dataset reader", DatasetReaderFactory.class),
  /** Writes raw files from a stated model. */
  DATASET_GENERATOR("dataset-generator", "dataset generator", DatasetGeneratorFactory.class),
  /** Writes prompts. */
  PROMPT_BUILDER("prompt-builder", "prompt builder", PromptBuilderFactory.class),
  /** Turns prompts into vectors. */
  KNOWLEDGE_ENCODER("knowledge-encoder", "knowledge encoder", KnowledgeEncoderFactory.class),
  /** Turns knowledge into weights. */
  META_NETWORK("meta-network", "meta network", MetaNetworkFactory.class),
  /** Multi-scenario models. */
  BACKBONE("backbone", "backbone", BackboneFactory.class),
  /** Topologies. */
  FUSION_HEAD("fusion-head", "fusion head", FusionHeadFactory.class),
  /** Fetches values for requests. */
  FEATURE_SOURCE("feature-source", "feature source", FeatureSourceFactory.class);

  private final String key;
  private final String title;
  private final Class<? extends PluginFactory> service;

  PluginKind(String key, String title, Class<? extends PluginFactory> service) {
    this.key = key;
    this.title = title;
    this.service = service;
  }

  /** Returns the name on the command line and in the JSON Schema, for example {@code backbone}. */
  public String key() {
    return key;
  }

  /** Returns the name in sentences. */
  public String title() {
    return title;
  }

  /** Returns the factory type that providers of this kind implement. */
  public Class<? extends PluginFactory> service() {
    return service;
  }

  /** Returns the kind whose factories are of this type. */
  public static PluginKind of(Class<?> service) {
    return Arrays.stream(values())
        .filter(kind -> kind.service == service)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(service + " is not a kind of plugin"));
  }

  /** Returns all keys. */
  public static List<String> keys() {
    return Arrays.stream(values()).map(PluginKind::key).toList();
  }
}
