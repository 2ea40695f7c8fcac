package org.llm4msr.runtime.data.preparation;

import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.MalformedConfig;
import org.llm4msr.runtime.config.NegativePool;
import org.llm4msr.runtime.config.NegativesConfig;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.data.nodes.RowNodes;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.files.Checksums;

/** The key of prepared data: equal keys, equal content. */
final class PreparationKey {

  private PreparationKey() {}

  static List<DatasetManifest.Source> sources(List<Path> files, @Nullable RowNodes nodes)
      throws IOException {
    List<DatasetManifest.Source> sources = new ArrayList<>();
    for (Path file : files) {
      @Nullable List<DatasetManifest.Source> others = nodes == null ? null : nodes.sources(file);
      if (others != null) {
        sources.addAll(others);
        continue;
      }
      sources.add(
          new DatasetManifest.Source(
              String.valueOf(file.getFileName()), Files.size(file), Checksums.of(file)));
    }
    return sources;
  }

  /** The folder of the raw files is no part of it: the same files elsewhere are the same data. */
  static String of(
      DatasetConfig config,
      RawSchema schema,
      List<RawScenario> scenarios,
      List<DatasetManifest.Source> sources,
      @Nullable BaseData base) {
    List<String> parts =
        Stream.of(
                "format " + DatasetManifest.FORMAT_VERSION,
                canonical(config.reader()),
                canonical(config.scenarios()),
                canonical(config.split()),
                canonical(config.minFrequency()),
                canonical(schema),
                canonical(scenarios),
                canonical(sources),
                config.malformed().policy() == MalformedConfig.Policy.STRICT
                    ? ""
                    : canonical(config.malformed()),
                negatives(config.negatives(), config.minFrequency()),
                base == null ? "" : "extends " + base.manifest().key())
            .filter(part -> !part.isEmpty())
            .toList();
    return Checksums.of(String.join("\n", parts).getBytes(StandardCharsets.UTF_8));
  }

  /** The settings of negatives that decided alone before there was a choice of pools. */
  private record Draws(int perPositive, NegativesConfig.Draw draw, long seed) {}

  private static String negatives(NegativesConfig config, int minFrequency) {
    if (config.perPositive() == 0) {
      return "";
    }
    String draws = canonical(new Draws(config.perPositive(), config.draw(), config.seed()));
    if (!config.pool().equals(NegativePool.EARLIER)) {
      draws += canonical(config.pool());
    }
    if (minFrequency > 1) {
      draws += "frequency of logged rows"; // Before, drawn rows counted as well.
    }
    return NegativeSampling.weighs(config) ? draws + "weight " + config.weight() : draws;
  }

  /**
   * Writes a value by its components: a plugin's factory has no text of its own. A renamed setting
   * keeps its former name. Left out is what decides nothing of the data, and what came later, while
   * it has the value that held before: data prepared then keeps its key.
   */
  private static String canonical(@Nullable Object value) {
    if (value instanceof PluginChoice<?, ?> choice) {
      return choice.name() + canonical(choice.config());
    }
    if (value instanceof Record record) {
      StringBuilder text = new StringBuilder("{");
      for (RecordComponent component : record.getClass().getRecordComponents()) {
        Setting setting = component.getAnnotation(Setting.class);
        if (setting != null && (setting.operational() || setting.secret())) {
          continue;
        }
        Object part = read(record, component);
        if (isAsBefore(setting, part)
            || (record instanceof RawSchema && isLaterColumn(component.getName(), part))
            || (record instanceof RawField && part == null)) {
          continue;
        }
        String former = setting == null ? "" : setting.formerly();
        text.append(former.isEmpty() ? component.getName() : former);
        text.append('=').append(canonical(part)).append(';');
      }
      return text.append('}').toString();
    }
    if (value instanceof List<?> list) {
      return list.stream().map(PreparationKey::canonical).toList().toString();
    }
    return String.valueOf(value);
  }

  private static boolean isAsBefore(@Nullable Setting setting, @Nullable Object value) {
    return setting != null && setting.before().equals(String.valueOf(value));
  }

  /** Groups change nothing else of the data; without the others it is as it was before them. */
  private static boolean isLaterColumn(String component, @Nullable Object value) {
    return component.equals(RawSchema.GROUP)
        || (component.equals(RawSchema.WEIGHT) && Boolean.FALSE.equals(value))
        || (component.equals("labels") && List.of().equals(value));
  }

  private static @Nullable Object read(Record record, RecordComponent component) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot read " + component + " of " + record, e);
    }
  }
}
