package org.llm4msr.checking;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.llm4msr.runtime.plugins.check.CheckFinding;

/**
 * The entries of a jar, each read to its end and compared with its checksum: Java loads a class
 * without looking at it.
 *
 * @param entries their number
 * @param findings the damaged ones
 */
record JarContents(int entries, List<CheckFinding> findings) {

  private static final String COPY_AGAIN =
      "Copy the jar again, or build it again (mvn clean package).";

  static JarContents read(Path jar) {
    List<CheckFinding> findings = new ArrayList<>();
    int entries = 0;
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      for (ZipEntry entry : Collections.list(zip.entries())) {
        entries++;
        String damage = damage(zip, entry);
        if (!damage.isEmpty()) {
          findings.add(corrupt("an entry is damaged: " + damage, jar + ", " + entry.getName()));
        }
      }
    } catch (IOException e) {
      findings.add(corrupt("it is not a readable jar: " + e.getMessage(), jar.toString()));
    }
    return new JarContents(entries, findings);
  }

  private static CheckFinding corrupt(String what, String where) {
    return new CheckFinding("plugin/CORRUPT_JAR", what, where, COPY_AGAIN);
  }

  private static String damage(ZipFile zip, ZipEntry entry) {
    CRC32 sum = new CRC32();
    try (InputStream in = new CheckedInputStream(zip.getInputStream(entry), sum)) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
    return sum.getValue() == entry.getCrc()
        ? ""
        : "its checksum is %08x, and the jar states %08x".formatted(sum.getValue(), entry.getCrc());
  }
}
