package org.llm4msr.plugins.llm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.MustacheException;
import com.samskivert.mustache.MustacheParseException;
import com.samskivert.mustache.Template;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.Prompt;

/**
 * A Mustache template whose one list section (for users: {@code history}), if it has one, holds the
 * items that may be dropped from a prompt. Its placeholders are checked on creation, so that a
 * misspelt one is refused before any work. Safe for use by several threads.
 */
final class PromptTemplate {

  /** The maximum size of a template; a prompt that a model reads is far shorter. */
  private static final int MAX_BYTES = 1 << 20;

  /** Marks the list in the rendered text; it is removed from all values. */
  private static final String MARK = "\uE000";

  private final String file;
  private final String text;
  private final @Nullable String list;
  private final Template template;

  /**
   * Compiles and checks a template.
   *
   * @param file the name of the template in errors
   * @param list name of the list section, which must occur exactly once; null: there is none
   * @param placeholders all other names that may occur
   */
  PromptTemplate(String file, String text, @Nullable String list, Set<String> placeholders) {
    this.file = file;
    this.text = text;
    this.list = list;
    this.template = compile();
    checkNames(placeholders);
  }

  /** Returns the template as it was written. */
  String text() {
    return text;
  }

  /** Fills a template without a list. */
  Prompt render(String key, Map<String, Object> values) {
    return new Prompt(key, execute(values).stripTrailing(), List.of(), "", "");
  }

  /**
   * Fills the template.
   *
   * @param values the values outside the list
   * @param items the values in each repetition of the list, in the order of the prompt
   */
  Prompt render(String key, Map<String, Object> values, List<? extends Map<String, ?>> items) {
    String list = requireNonNull(this.list, "the template has no list");
    List<String> rendered = new ArrayList<>(items.size());
    Map<String, Object> context = new HashMap<>(values);
    Mustache.Lambda section =
        (fragment, out) -> {
          items.forEach(item -> rendered.add(fragment.execute(item)));
          out.write(MARK);
        };
    context.put(list, section);
    String filled = execute(context);
    int mark = filled.indexOf(MARK);
    if (mark < 0) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/MISSING_PLACEHOLDER",
          "the section {{#%s}} was not reached. %s, line %d. Do not nest it in another section."
              .formatted(list, file, lineOf(list)));
    }
    String tail = filled.substring(mark + 1).stripTrailing();
    return new Prompt(key, filled.substring(0, mark), rendered, "", tail);
  }

  /** Makes a value fit for a template: one line, without the mark. */
  static String clean(String value) {
    return value.replace(MARK, "").strip().replaceAll("\\s+", " ");
  }

  private Template compile() {
    try {
      return Mustache.compiler()
          .escapeHTML(false)
          .emptyStringIsFalse(true)
          .strictSections(true)
          .withLoader(
              name -> {
                throw new MustacheParseException("includes are not supported: {{>" + name + "}}");
              })
          .compile(text);
    } catch (MustacheParseException e) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/TEMPLATE_SYNTAX",
          "the template is not valid Mustache: %s. %s. Close every {{#section}} with {{/section}}."
              .formatted(e.getMessage(), file));
    }
  }

  private void checkNames(Set<String> placeholders) {
    List<String> sections = new ArrayList<>();
    Set<String> used = new HashSet<>();
    template.visit(
        new Mustache.Visitor() {
          @Override
          public void visitText(String text) {}

          @Override
          public void visitVariable(String name) {
            used.add(name);
          }

          @Override
          public boolean visitInclude(String name) {
            throw syntax("includes are not supported: {{>" + name + "}}", name);
          }

          @Override
          public boolean visitSection(String name) {
            sections.add(name);
            return true;
          }

          @Override
          public boolean visitInvertedSection(String name) {
            used.add(name);
            return true;
          }
        });
    used.addAll(sections);
    used.remove(list);
    for (String name : new TreeSet<>(used)) {
      if (!placeholders.contains(name)) {
        throw unknown(name, lineOf(name), placeholders);
      }
    }
    if (list != null && sections.stream().filter(list::equals).count() != 1) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/MISSING_PLACEHOLDER",
          "the section {{#%s}} ... {{/%s}} must occur exactly once. %s, lines 1 to %d. Add it."
              .formatted(list, list, file, text.lines().count()));
    }
  }

  private String execute(Map<String, Object> context) {
    try {
      return template.execute(context);
    } catch (MustacheException.Context e) {
      throw unknown(e.key, e.lineNo, context.keySet());
    }
  }

  private MsrException unknown(String name, int line, Set<String> known) {
    return new MsrException(
        ErrorType.USER,
        "knowledge/UNKNOWN_PLACEHOLDER",
        "the placeholder {{%s}} is not known here. %s, line %d. Known: %s."
            .formatted(name, file, line, String.join(", ", new TreeSet<>(known))));
  }

  private MsrException syntax(String problem, String name) {
    return new MsrException(
        ErrorType.USER,
        "knowledge/TEMPLATE_SYNTAX",
        "%s. %s, line %d. Write the text into this file.".formatted(problem, file, lineOf(name)));
  }

  private int lineOf(String name) {
    Matcher tag =
        Pattern.compile("\\{\\{[{#^/&>\\s]*" + Pattern.quote(name) + "\\s*}}").matcher(text);
    return tag.find() ? 1 + (int) text.substring(0, tag.start()).lines().count() - newLine(tag) : 1;
  }

  /** Returns 1 if the tag does not start a line: the text before it ends in a part of that line. */
  private int newLine(Matcher tag) {
    return tag.start() > 0 && text.charAt(tag.start() - 1) != '\n' ? 1 : 0;
  }

  /** Reads a user's template file. */
  static String read(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(MAX_BYTES + 1);
      if (content.length > MAX_BYTES) {
        throw unreadable(file, "it has more than " + MAX_BYTES + " bytes");
      }
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
    } catch (CharacterCodingException e) {
      throw unreadable(file, "it is not UTF-8 text");
    } catch (IOException e) {
      throw unreadable(file, "it does not exist or cannot be opened");
    }
  }

  /** Reads a shipped template. */
  static String shipped(String name) {
    try (InputStream in = PromptTemplate.class.getResourceAsStream("templates/" + name)) {
      if (in == null) {
        throw new IllegalStateException("no resource templates/" + name);
      }
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("cannot read the resource templates/" + name, e);
    }
  }

  private static MsrException unreadable(Path file, String why) {
    return new MsrException(
        ErrorType.USER,
        "knowledge/TEMPLATE_NOT_READABLE",
        "cannot read the template: %s. %s. Correct the path; it is relative to the configuration file."
            .formatted(why, file));
  }
}
