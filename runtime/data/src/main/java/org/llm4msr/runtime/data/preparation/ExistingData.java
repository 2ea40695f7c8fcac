package org.llm4msr.runtime.data.preparation;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.ManifestFile;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.text.ShellWord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a preparation finds at its target. */
final class ExistingData {

  private static final Logger LOG = LoggerFactory.getLogger(ExistingData.class);

  private ExistingData() {}

  /**
   * Returns the manifest of what is there where it can be used as it is, or null where the target
   * may be written.
   *
   * @throws MsrException of type USER where something else is there
   */
  static @Nullable DatasetManifest find(PreparationRequest request, RawSchema schema, String key)
      throws IOException {
    Path target = request.target();
    if (!Files.exists(target)) {
      return null;
    }
    if (!Files.exists(target.resolve(ManifestFile.NAME))) {
      if (isEmptyFolder(target)) {
        return null;
      }
      throw DataErrors.user(
          "TARGET_IN_USE",
          target + " exists and holds no prepared data. Choose another workspace or remove it.");
    }
    if (request.force()) {
      return null;
    }
    DatasetManifest manifest;
    try {
      manifest = ManifestFile.read(target);
    } catch (MsrException e) {
      throw otherData(request, "cannot be read: " + e.text());
    }
    if (!manifest.key().equals(key)) {
      throw otherData(request, "holds data prepared from other settings or sources.");
    }
    try {
      PreparedData.open(target).close();
      if (schema.group() && manifest.groups() == 0) {
        LOG.warn(
            "{} has no groups of rows; `llm4msr data prepare --force {}` adds those of the raw"
                + " data",
            target,
            ShellWord.quoted(request.experiment()));
      }
      return manifest;
    } catch (MsrException e) {
      LOG.warn("{} is damaged and is prepared again: {}", target, e.getMessage());
      return null;
    }
  }

  /** What is there may come from another program, or from a release that this one cannot read. */
  private static MsrException otherData(PreparationRequest request, String why) {
    return DataErrors.user(
        "OTHER_DATA",
        "%s %s Replace it with `llm4msr data prepare --force %s`, or choose another workspace."
            .formatted(request.target(), why, ShellWord.quoted(request.experiment())));
  }

  private static boolean isEmptyFolder(Path target) throws IOException {
    if (!Files.isDirectory(target)) {
      return false;
    }
    try (DirectoryStream<Path> content = Files.newDirectoryStream(target)) {
      return !content.iterator().hasNext();
    }
  }
}
