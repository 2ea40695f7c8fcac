package org.llm4msr.plugins.llm.jinja;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.TruthyTypeConverter;
import com.hubspot.jinjava.interpret.InterpretException;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import com.hubspot.jinjava.lib.exptest.IsIterableExpTest;
import com.hubspot.jinjava.lib.exptest.IsSequenceExpTest;
import com.hubspot.jinjava.lib.filter.TrimFilter;
import com.hubspot.jinjava.lib.tag.ForTag;
import com.hubspot.jinjava.tree.TagNode;
import com.hubspot.jinjava.tree.parse.TagToken;
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
 * Jinjava, brought nearer to Jinja2: see {@link #trimmed}, {@link JinjaSyntax}, {@link
 * PythonTexts}, {@link Loop}, {@link Trim} and {@link WithTexts}.
 */
public final class Jinja extends Jinjava {

  private static final Pattern INDENTED = Pattern.compile("(?md)^[ \\t]+(?=\\{[%#](?!\\+))");
  private static final int CACHED_EXPRESSIONS = 1000;

  private final ExpressionFactory expressions =
      new ExpressionFactoryImpl(
          new TreeStore(new JinjaSyntax(), new Cache(CACHED_EXPRESSIONS)),
          new TruthyTypeConverter());

  public Jinja() {
    super(
        JinjavaConfig.newBuilder()
            .withTrimBlocks(true)
            .withNestedInterpretationEnabled(false)
            .withElResolver(new PythonTexts())
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
    registerFilter(new Trim());
    registerExpTest(new WithTexts(new IsIterableExpTest()));
    registerExpTest(new WithTexts(new IsSequenceExpTest()));
  }

  /**
   * Removes what Jinja2 removes: the last line end, the white space after a comment that says so
   * and, with {@code lstrip_blocks}, the indentation of a block. Jinjava would keep the first two,
   * and instead of the last remove the space before any block.
   */
  public static String trimmed(String template) {
    String lines = template.replaceAll("\\r\\n?", "\n").replaceFirst("\n\\z", "");
    String unindented = INDENTED.matcher(lines).replaceAll("");
    return unindented.replaceAll("-#\\}\\s+", "-#}");
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
