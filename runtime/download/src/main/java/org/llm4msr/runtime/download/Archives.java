package org.llm4msr.runtime.download;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.codec.digest.MessageDigestAlgorithms;
import org.apache.commons.compress.archivers.ArchiveEntry;
import org.apache.commons.compress.archivers.ArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.ZipArchiveInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** Unpacks downloaded archives without trusting the names in them. */
final class Archives {

  /** Folder of incomplete files. */
  static final String UNFINISHED = ".download";

  private static final int BUFFER = 1 << 20;

  private Archives() {}

  /**
   * Puts the files of an archive, or a file that is not an archive, into a folder and returns their
   * names.
   *
   * @param root folder within the archive that is left out of names; null for no archive
   */
  static List<String> unpack(Path archive, @Nullable String root, Path folder) throws IOException {
    String name = String.valueOf(archive.getFileName());
    if (root == null) {
      Files.move(archive, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      return List.of(name);
    }
    try (InputStream file = new BufferedInputStream(Files.newInputStream(archive), BUFFER);
        ArchiveInputStream<?> entries =
            name.endsWith(".zip")
                ? new ZipArchiveInputStream(file)
                : new TarArchiveInputStream(new GzipCompressorInputStream(file))) {
      return unpack(entries, archive, root, folder);
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.DATA,
          "download/ARCHIVE",
          "%s cannot be unpacked: %s. Remove %s, and download it again."
              .formatted(archive, e.getMessage(), folder),
          e);
    }
  }

  private static List<String> unpack(
      ArchiveInputStream<?> entries, Path archive, String root, Path folder) throws IOException {
    List<String> names = new ArrayList<>();
    for (ArchiveEntry entry = entries.getNextEntry();
        entry != null;
        entry = entries.getNextEntry()) {
      if (entry.isDirectory()) {
        continue;
      }
      String name = entry.getName().replaceFirst("^\\./", "");
      String kept = name.startsWith(root) ? name.substring(root.length()) : name;
      requireInside(archive, entry, kept, folder);
      Path target = folder.resolve(kept);
      Files.createDirectories(target.getParent());
      Files.deleteIfExists(target);
      Files.copy(entries, target);
      names.add(kept);
    }
    if (names.isEmpty()) {
      throw new IOException("it holds no file");
    }
    return names;
  }

  private static void requireInside(Path archive, ArchiveEntry entry, String name, Path folder) {
    Path root = folder.toAbsolutePath().normalize();
    Path target = root.resolve(name).normalize();
    boolean plain =
        !(entry instanceof TarArchiveEntry tar)
            || tar.getLinkFlag() == TarConstants.LF_NORMAL
            || tar.getLinkFlag() == TarConstants.LF_OLDNORM;
    if (!plain || name.isEmpty() || !target.startsWith(root)) {
      throw new MsrException(
          ErrorType.DATA,
          "download/ARCHIVE",
          "%s has the entry '%s', which is not a plain file or leads out of the folder. Do not use it."
              .formatted(archive, entry.getName()));
    }
  }

  /** Returns what is wrong with a gzip, whose decoder compares the checksum at the end. */
  static String damage(Path file) throws IOException {
    try (InputStream bytes = Files.newInputStream(file)) {
      try (InputStream in =
          GzipCompressorInputStream.builder()
              .setInputStream(bytes)
              .setDecompressConcatenated(true)
              .get()) {
        in.transferTo(OutputStream.nullOutputStream());
        return "";
      } catch (IOException e) {
        return "it is damaged: " + e.getMessage();
      }
    }
  }

  static String md5(Path file) throws IOException {
    return new DigestUtils(MessageDigestAlgorithms.MD5).digestAsHex(file);
  }
}
