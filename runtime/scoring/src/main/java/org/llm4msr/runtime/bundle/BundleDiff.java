package org.llm4msr.runtime.bundle;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.assembly.ModelFiles;
import org.llm4msr.runtime.config.loading.FlatValues;
import org.llm4msr.runtime.data.prepared.DatasetManifest.FileStamp;
import org.llm4msr.runtime.tables.Safetensors;
import org.llm4msr.runtime.text.TextTable;
import org.llm4msr.toolkit.safetensors.Tensor;

/** The differences between two bundles. */
public final class BundleDiff {

  private static final String ABSENT = "-";

  private BundleDiff() {}

  /**
   * One difference.
   *
   * @param key the key that differs, for example {@code config.training.seed}
   * @param first its value in the first bundle; {@code -} if it has none
   * @param second its value in the second
   */
  public record Difference(String key, String first, String second) {}

  /** Compares settings, provenance, metrics, dense weights and files, in this order. */
  public static List<Difference> between(Bundle first, Bundle second) {
    List<Difference> differences = new ArrayList<>();
    BundleManifest a = first.manifest();
    BundleManifest b = second.manifest();
    compare(differences, "", plugins(a), plugins(b));
    compare(differences, "config.", FlatValues.of(a.config()), FlatValues.of(b.config()));
    compare(
        differences, "provenance.", FlatValues.of(a.provenance()), FlatValues.of(b.provenance()));
    compare(differences, "training.", FlatValues.of(a.training()), FlatValues.of(b.training()));
    weights(differences, first, second);
    compare(differences, "file ", files(a), files(b));
    return differences;
  }

  /** Returns differences as a table, or the sentence that there are none. */
  public static String text(List<Difference> differences) {
    return differences.isEmpty()
        ? "The bundles do not differ."
        : TextTable.of(
            List.of("what", "A", "B"),
            differences.stream()
                .map(one -> List.of(one.key(), one.first(), one.second()))
                .toList());
  }

  private static Map<String, String> plugins(BundleManifest manifest) {
    Map<String, String> plugins = new TreeMap<>();
    manifest
        .plugins()
        .forEach(
            plugin ->
                plugins.merge(
                    plugin.kind(),
                    "%s %s %s"
                        .formatted(plugin.name(), plugin.version(), plugin.shortDigest())
                        .strip(),
                    (x, y) -> x + ", " + y));
    return plugins;
  }

  private static Map<String, String> files(BundleManifest manifest) {
    Map<String, String> files = new TreeMap<>();
    manifest.files().forEach((name, stamp) -> files.put(name, shown(stamp)));
    files.remove(ModelFiles.DENSE);
    return files;
  }

  private static String shown(FileStamp stamp) {
    return String.format(Locale.ROOT, "%,d bytes, %.12s", stamp.bytes(), stamp.sha256());
  }

  private static void compare(
      List<Difference> differences,
      String prefix,
      Map<String, String> first,
      Map<String, String> second) {
    TreeSet<String> keys = new TreeSet<>(first.keySet());
    keys.addAll(second.keySet());
    for (String key : keys) {
      String a = first.getOrDefault(key, ABSENT);
      String b = second.getOrDefault(key, ABSENT);
      if (!a.equals(b)) {
        differences.add(new Difference(prefix + key, a, b));
      }
    }
  }

  private static void weights(List<Difference> differences, Bundle first, Bundle second) {
    Map<String, Tensor> a = tensors(first);
    Map<String, Tensor> b = tensors(second);
    TreeSet<String> names = new TreeSet<>(a.keySet());
    names.addAll(b.keySet());
    for (String name : names) {
      Tensor x = a.get(name);
      Tensor y = b.get(name);
      if (x == null || y == null || !x.shape().equals(y.shape())) {
        differences.add(new Difference("weights " + name, shape(x), shape(y)));
      } else if (x.values().compareTo(y.values()) != 0) {
        String far = String.format(Locale.ROOT, "up to %.3g apart", distance(x, y));
        differences.add(new Difference("weights " + name, shape(x), far));
      }
    }
  }

  private static Map<String, Tensor> tensors(Bundle bundle) {
    Path file = bundle.folder().resolve(ModelFiles.DENSE);
    try {
      return Safetensors.read(file);
    } catch (IOException e) {
      throw BundleErrors.unreadable(file, e);
    }
  }

  private static String shape(@Nullable Tensor tensor) {
    return tensor == null ? ABSENT : tensor.shape().toString();
  }

  private static double distance(Tensor x, Tensor y) {
    FloatBuffer a = x.values();
    FloatBuffer b = y.values();
    double largest = 0;
    for (int i = 0; i < a.limit(); i++) {
      largest = Math.max(largest, Math.abs((double) a.get(i) - b.get(i)));
    }
    return largest;
  }
}
