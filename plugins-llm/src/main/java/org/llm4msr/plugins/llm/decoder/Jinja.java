package org.llm4msr.plugins.llm.decoder;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.TruthyTypeConverter;
import com.hubspot.jinjava.interpret.InterpretException;
import com.hubspot.jinjava.lib.tag.ForTag;
import com.hubspot.jinjava.tree.parse.TagToken;
import java.util.List;
import java.util.regex.Pattern;
import jinjava.de.odysseus.el.ExpressionFactoryImpl;
import jinjava.de.odysseus.el.tree.TreeStore;
import jinjava.de.odysseus.el.tree.impl.Cache;
import jinjava.javax.el.ExpressionFactory;
import org.apache.commons.lang3.tuple.Pair;

/**
 * Jinjava, brought nearer to Jinja2: see {@link #trimmed}, {@link JinjaSyntax}, {@link PythonTexts}
 * and {@link Loop}.
 */
final class Jinja extends Jinjava {

  private static final Pattern INDENTED = Pattern.compile("(?md)^[ \\t]+(?=\\{[%#](?!\\+))");
  private static final int CACHED_EXPRESSIONS = 1000;

  private final ExpressionFactory expressions =
      new ExpressionFactoryImpl(
          new TreeStore(new JinjaSyntax(), new Cache(CACHED_EXPRESSIONS)),
          new TruthyTypeConverter());

  Jinja() {
    super(
        JinjavaConfig.newBuilder()
            .withTrimBlocks(true)
            .withNestedInterpretationEnabled(false)
            .withElResolver(new PythonTexts())
            // As Jinja does it; the defaults are older.
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
  }

  /**
   * Leaves out what Jinja2 leaves out: the last line end and, with {@code lstrip_blocks}, what
   * indents a block. Jinjava would keep the one, and take the space before any block for the other.
   */
  static String trimmed(String template) {
    String lines = template.replaceAll("\\r\\n?", "\n").replaceFirst("\n\\z", "");
    return INDENTED.matcher(lines).replaceAll("");
  }

  @Override
  public ExpressionFactory getExpressionFactory() {
    return expressions;
  }

  /** A loop that refuses a condition, which Jinjava takes for one of the whole list. */
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
  }
}
