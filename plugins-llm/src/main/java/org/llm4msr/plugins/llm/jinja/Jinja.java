package org.llm4msr.plugins.llm.jinja;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.interpret.InterpretException;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import com.hubspot.jinjava.lib.exptest.IsIterableExpTest;
import com.hubspot.jinjava.lib.exptest.IsSequenceExpTest;
import com.hubspot.jinjava.lib.filter.LengthFilter;
import com.hubspot.jinjava.lib.filter.TrimFilter;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import com.hubspot.jinjava.lib.tag.ForTag;
import com.hubspot.jinjava.lib.tag.Tag;
import com.hubspot.jinjava.objects.date.StrftimeFormatter;
import com.hubspot.jinjava.tree.TagNode;
import com.hubspot.jinjava.tree.parse.TagToken;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import jinjava.de.odysseus.el.ExpressionFactoryImpl;
import jinjava.de.odysseus.el.tree.TreeStore;
import jinjava.de.odysseus.el.tree.impl.Cache;
import jinjava.javax.el.ExpressionFactory;
import org.apache.commons.lang3.tuple.Pair;
import org.jspecify.annotations.Nullable;

/**
 * Jinjava, brought nearer to Jinja2 as transformers sets it up: see {@link #trimmed}, {@link #now},
 * {@link JinjaSyntax}, {@link PythonTexts}, {@link PythonValues}, {@link ToJson} and the classes in
 * here.
 */
public final class Jinja extends Jinjava {

  private static final Pattern INDENTED = Pattern.compile("(?md)^[ \\t]+(?=\\{[%#](?!\\+))");
  private static final Pattern NEGATED = Pattern.compile("(\\{\\{-?\\s+)-(?=[^-}])");
  private static final int CACHED_EXPRESSIONS = 1000;

  /** What {@code strftime_now} tells: a prompt has the same vector on any day. */
  private static final LocalDateTime NOW = LocalDateTime.of(2025, 1, 1, 0, 0);

  private final ExpressionFactory expressions =
      new ExpressionFactoryImpl(
          new TreeStore(new JinjaSyntax(), new Cache(CACHED_EXPRESSIONS)),
          new PythonValues.Converter());

  public Jinja() {
    super(
        JinjavaConfig.newBuilder()
            .withTrimBlocks(true)
            .withNestedInterpretationEnabled(false)
            .withElResolver(new PythonTexts())
            .withInterperterFactory(new PythonValues.Printers())
            // As in Jinja; the defaults are older.
            .withLegacyOverrides(
                LegacyOverrides.newBuilder()
                    .withUsePyishObjectMapper(true)
                    .withUseNaturalOperatorPrecedence(true)
                    .withUseTrimmingForNotesAndExpressions(true)
                    .withEvaluateMapKeys(true)
                    .withIterateOverMapKeys(true)
                    .withKeepNullableLoopValues(true)
                    .withHandleBackslashInQuotesOnly(true)
                    .build())
            .build());
    registerTag(new Loop());
    registerTag(new Generation());
    registerFilter(new Trim());
    registerFilter(new ToJson());
    registerFilter(new PythonValues.Text());
    registerFilter(new Length("length"));
    registerFilter(new Length("count"));
    registerFunction(
        new ELFunctionDefinition("", "strftime_now", Jinja.class, "now", String.class));
    registerExpTest(new WithTexts(new IsIterableExpTest()));
    registerExpTest(new WithTexts(new IsSequenceExpTest()));
  }

  /**
   * Removes what Jinja2 removes: the last line end, the white space after a comment that says so
   * and, with {@code lstrip_blocks}, the indentation of a block. Jinjava would keep the first two,
   * and instead of the last remove the space before any block. The minus of a printed expression,
   * which Jinjava would take for one that removes white space, becomes {@link JinjaSyntax#MINUS}.
   */
  public static String trimmed(String template) {
    String lines = template.replaceAll("\\r\\n?", "\n").replaceFirst("\n\\z", "");
    String unindented = INDENTED.matcher(lines).replaceAll("");
    String negated = NEGATED.matcher(unindented).replaceAll("$1" + JinjaSyntax.MINUS);
    return negated.replaceAll("-#\\}\\s+", "-#}");
  }

  /** Writes {@link #NOW} as Python's {@code strftime} does. */
  public static String now(String format) {
    return StrftimeFormatter.format(NOW.atZone(ZoneOffset.UTC), format);
  }

  @Override
  public ExpressionFactory getExpressionFactory() {
    return expressions;
  }

  /**
   * A loop that refuses a condition, which Jinjava would apply to the whole list, and an {@code
   * else} for an empty list, which Jinjava ignores.
   */
  private static final class Loop extends ForTag {
    private static final long serialVersionUID = 1L;

    private static final Pattern QUOTED = Pattern.compile("'[^']*'|\"[^\"]*\"");
    private static final Pattern INNERMOST = Pattern.compile("[(\\[{][^()\\[\\]{}]*[)\\]}]");
    private static final Pattern CONDITION = Pattern.compile("\\bif\\b");

    @Override
    public Pair<List<String>, String> getLoopVarsAndExpression(TagToken tag) {
      String bare = QUOTED.matcher(tag.getHelpers()).replaceAll("");
      for (String outer = ""; !outer.equals(bare); ) {
        outer = bare;
        bare = INNERMOST.matcher(outer).replaceAll("");
      }
      if (CONDITION.matcher(bare).find()) {
        throw new InterpretException("'for ... if' is not known here", tag.getLineNumber());
      }
      return super.getLoopVarsAndExpression(tag);
    }

    @Override
    public String interpretUnchecked(TagNode tag, JinjavaInterpreter interpreter) {
      if (tag.getChildren().stream().anyMatch(child -> child.getName().equals("else"))) {
        throw new InterpretException("'for ... else' is not known here", tag.getLineNumber());
      }
      return super.interpretUnchecked(tag, interpreter);
    }
  }

  /** Renders what it encloses; transformers marks by it what a model has said. */
  private static final class Generation implements Tag {
    private static final long serialVersionUID = 1L;

    @Override
    public String getName() {
      return "generation";
    }

    @Override
    public String interpret(TagNode tag, JinjavaInterpreter interpreter) {
      StringBuilder text = new StringBuilder();
      tag.getChildren().forEach(child -> text.append(child.render(interpreter)));
      return text.toString();
    }
  }

  /** Counts the characters of texts as Python does, by code points. */
  private static final class Length extends LengthFilter {
    private final String name;

    Length(String name) {
      this.name = name;
    }

    @Override
    public String getName() {
      return name;
    }

    @Override
    public Object filter(
        @Nullable Object value, JinjavaInterpreter interpreter, String... arguments) {
      return value instanceof String text
          ? (Object) text.codePointCount(0, text.length())
          : super.filter(value, interpreter, arguments);
    }
  }

  /** Strips what is white space in Python, or the given characters. */
  private static final class Trim extends TrimFilter {
    @Override
    public Object filter(
        @Nullable Object text, JinjavaInterpreter interpreter, String... characters) {
      return PythonTexts.strip(
          Objects.toString(text, ""), characters.length == 0 ? null : characters[0]);
    }
  }

  /** A test of Jinjava that holds for texts and dictionaries, too. */
  private record WithTexts(ExpTest test) implements ExpTest {
    @Override
    public String getName() {
      return test.getName();
    }

    @Override
    public boolean evaluate(
        @Nullable Object value, JinjavaInterpreter interpreter, Object... arguments) {
      return value instanceof String
          || value instanceof Map
          || test.evaluate(value, interpreter, arguments);
    }
  }
}
