package org.llm4msr.runtime.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.Template;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FileErrors;

/**
 * A page in one file: style and pictures are in it, and its policy forbids it to load anything.
 *
 * @param warnings what readers must see first
 */
public record Page(String title, List<String> warnings, List<Section> sections) {

  /** Name of the file of a page. */
  public static final String FILE = "report.html";

  private static final String GENERATOR = "<meta name=\"generator\" content=\"llm4msr\" />";
  private static final int HEAD = 1024;

  public Page {
    warnings = List.copyOf(warnings);
    sections = sections.stream().filter(section -> !section.html().isEmpty()).toList();
  }

  /** Returns the page as it is written to a file. */
  public String html() {
    return render(false);
  }

  /** Returns the page with a script that asks its server for updates. */
  String liveHtml() {
    return render(true);
  }

  private String render(boolean live) {
    return template("page.html").execute(Map.of("title", title, "live", live, "body", body()));
  }

  /** Returns the part of the page that changes while a run goes on. */
  String body() {
    return template("sections.html")
        .execute(Map.of("title", title, "warnings", warnings, "sections", sections));
  }

  private static Template template(String name) {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is not beside its class");
      }
      return Mustache.compiler()
          .emptyStringIsFalse(true)
          .compile(new String(in.readAllBytes(), UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Writes the page where a user wants it.
   *
   * @throws MsrException {@code report/IN_THE_WAY} if something other than a page is there, and as
   *     {@link #write}
   */
  public void writeTo(Path file) {
    if (Files.exists(file) && !isPage(file)) {
      throw new MsrException(
          ErrorType.USER,
          "report/IN_THE_WAY",
          "%s already exists and is not a page of llm4msr. Choose another file, or move it away."
              .formatted(file));
    }
    write(file);
  }

  private static boolean isPage(Path file) {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(HEAD), UTF_8).contains(GENERATOR);
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Writes the page, in place of what is there.
   *
   * @throws MsrException {@code report/NOT_WRITTEN} if the disk is full or forbids it
   */
  public void write(Path file) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      DurableFiles.write(file, html().getBytes(UTF_8));
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "report/NOT_WRITTEN",
          "The report %s cannot be written: %s. Make room, or choose another place with --out."
              .formatted(file, FileErrors.reason(e)),
          e);
    }
  }
}
