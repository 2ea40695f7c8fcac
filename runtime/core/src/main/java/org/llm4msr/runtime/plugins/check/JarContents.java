package org.llm4msr.runtime.plugins.check;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;

/**
 * The entries of a jar, each read to its end and compared with its checksum, and with its signature
 * if it has one. Java loads a class without its checksum, and looks at signatures when it loads it.
 *
 * @param entries how many were read
 * @param damage what is wrong with those that are damaged
 */
public record JarContents(int entries, List<Damage> damage) {

  /** What to do with a damaged jar. */
  public static final String COPY_AGAIN =
      "Copy it again and compare its checksum (sha256sum) with the original's, or build it again"
          + " (mvn clean package).";

  private static final String PACKED_WITH_OTHERS =
      " If it was packed of several signed jars, leave out their META-INF/*.SF, *.DSA and *.RSA.";

  /** Copies the list. */
  public JarContents {
    damage = List.copyOf(damage);
  }

  /**
   * Something damaged.
   *
   * @param entry its name; empty for the jar as a whole
   * @param what is wrong with it
   * @param remedy what its installer can do, in whole sentences
   */
  public record Damage(String entry, String what, String remedy) {

    /** Returns what is wrong with which entry. */
    public String text() {
      return entry.isEmpty() ? what : entry + ": " + what;
    }
  }

  /** Reads all of a jar. */
  public static JarContents read(Path path) {
    return read(path, Long.MAX_VALUE);
  }

  /** Reads the entries of a jar that have at most so many bytes. */
  public static JarContents read(Path path, long bytes) {
    List<Damage> damage = new ArrayList<>();
    int entries = 0;
    try (JarFile jar = new JarFile(path.toFile())) {
      for (String name : jar.stream().map(ZipEntry::getName).distinct().toList()) {
        ZipEntry entry = requireNonNull(jar.getEntry(name), name);
        if (entry.getSize() <= bytes) {
          entries++;
          read(jar, entry, damage);
        }
      }
    } catch (IOException e) {
      String what = "not a readable jar (%s)".formatted(describe(e));
      damage.add(new Damage("", what, COPY_AGAIN));
    }
    return new JarContents(entries, damage);
  }

  private static String describe(IOException error) {
    return error.getClass().getSimpleName() + ": " + error.getMessage();
  }

  private static void read(JarFile jar, ZipEntry entry, List<Damage> damage) {
    CRC32 sum = new CRC32();
    try (InputStream in = new CheckedInputStream(jar.getInputStream(entry), sum)) {
      in.transferTo(OutputStream.nullOutputStream());
      if (sum.getValue() != entry.getCrc()) {
        String what =
            "its checksum is %08x, and the jar states %08x"
                .formatted(sum.getValue(), entry.getCrc());
        damage.add(new Damage(entry.getName(), what, COPY_AGAIN));
      }
    } catch (IOException e) {
      String what = describe(e);
      damage.add(new Damage(entry.getName(), what, COPY_AGAIN));
    } catch (SecurityException e) {
      String what = "its signature does not fit (%s)".formatted(e.getMessage());
      if (damage.stream().noneMatch(known -> known.what().equals(what))) {
        String remedy = COPY_AGAIN + PACKED_WITH_OTHERS;
        damage.add(new Damage(entry.getName(), what, remedy));
      }
    }
  }
}
