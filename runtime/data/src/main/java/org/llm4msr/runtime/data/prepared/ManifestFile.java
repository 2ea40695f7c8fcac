package org.llm4msr.runtime.data.prepared;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.runtime.files.SmallFiles;

/** Reads and writes {@code dataset.json}. */
public final class ManifestFile {

  public static final String NAME = DatasetManifest.FILE;

  private static final String EXTENDED = "extended";
  private static final String SETTINGS = "settings";
  private static final String GROUPS = "groups";
  private static final String LABELS = "labels";
  private static final String LOGGED_FREQUENCY = "loggedFrequency";
  private static final String FIELDS = "fields";
  private static final String VOCABULARY = "vocabulary";
  private static final String WEIGHTED = "weighted";

  public static final JsonMapper JSON =
      JsonMapper.builder()
          .addModule(FieldKinds.json())
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private ManifestFile() {}

  public static byte[] write(DatasetManifest manifest) {
    try {
      return JSON.writeValueAsBytes(manifest);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a manifest that is no JSON", e);
    }
  }

  /** Refuses fields that share a vocabulary, and could not. */
  private static void requireShared(Path file, List<PreparedField> fields) {
    Map<String, PreparedField> first = new HashMap<>();
    for (PreparedField field : fields) {
      PreparedField other = first.putIfAbsent(field.tableName(), field);
      if (other != null
          && !(field.hasVocabulary()
              && other.hasVocabulary()
              && field.vocabularySize() == other.vocabularySize())) {
        throw DataErrors.data(
            "BAD_MANIFEST",
            "%s says that the fields '%s' and '%s' share the vocabulary '%s', but they are %s of %d ids and %s of %d ids. Prepare the data again."
                .formatted(
                    file,
                    other.name(),
                    field.name(),
                    field.tableName(),
                    FieldKinds.name(other.kind()),
                    other.vocabularySize(),
                    FieldKinds.name(field.kind()),
                    field.vocabularySize()));
      }
    }
  }

  public static DatasetManifest read(Path folder) {
    Path file = folder.resolve(NAME);
    try {
      byte[] content = SmallFiles.read(file);
      // The version comes first: another one may have other keys.
      JsonNode tree = JSON.readTree(content);
      int version = tree.path("formatVersion").asInt(-1);
      if (version != DatasetManifest.FORMAT_VERSION) {
        throw DataErrors.data(
            "FORMAT_VERSION",
            file
                + " has format version "
                + (version < 0 ? "(none)" : version)
                + "; this release reads "
                + DatasetManifest.FORMAT_VERSION
                + ". Prepare the data again.");
      }
      if (tree instanceof ObjectNode root) {
        if (!root.has(EXTENDED)) {
          root.putNull(EXTENDED); // Only extended data needs to say so.
        }
        if (!root.has(SETTINGS)) {
          root.putObject(SETTINGS); // Another program's data has none.
        }
        if (!root.has(GROUPS)) {
          root.put(GROUPS, 0); // Nor has data of earlier versions.
        }
        if (!root.has(LABELS)) {
          root.putArray(LABELS); // Only data with further labels has them.
        }
        if (!root.has(LOGGED_FREQUENCY)) {
          root.put(LOGGED_FREQUENCY, false); // Before, drawn negatives counted as well.
        }
        for (JsonNode node : root.path(FIELDS)) {
          if (node instanceof ObjectNode field && !field.has(VOCABULARY)) {
            field.putNull(VOCABULARY); // Only a field that shares one says so.
          }
          if (node instanceof ObjectNode field && !field.has(WEIGHTED)) {
            field.put(WEIGHTED, false); // Nor does one without weights.
          }
        }
      }
      DatasetManifest manifest = JSON.treeToValue(tree, DatasetManifest.class);
      requireShared(file, manifest.fields());
      String problem = FieldKinds.problem(manifest.fields());
      if (problem == null) {
        problem = LabelNames.problem(manifest.labels());
      }
      if (problem != null) {
        throw DataErrors.data(
            "BAD_MANIFEST", file + " is broken: " + problem + ". Prepare it again.");
      }
      return manifest;
    } catch (NoSuchFileException e) {
      throw DataErrors.data(
          "NOT_PREPARED",
          folder + " holds no prepared data (no " + NAME + "). Run 'llm4msr data prepare' first.");
    } catch (JsonProcessingException | CharConversionException e) {
      throw DataErrors.data(
          "BAD_MANIFEST", file + " is broken: " + FileErrors.reason(e) + ". Prepare it again.");
    } catch (IOException e) {
      throw DataErrors.io(file, e);
    }
  }
}
