package org.llm4msr.plugins.llm.jinja;

import com.hubspot.jinjava.el.ext.AbsOperator;
import com.hubspot.jinjava.el.ext.AstNamedParameter;
import com.hubspot.jinjava.el.ext.ExtendedParser;
import com.hubspot.jinjava.el.ext.ExtendedScanner;
import com.hubspot.jinjava.el.ext.NamedParameterOperator;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import jinjava.de.odysseus.el.tree.Bindings;
import jinjava.de.odysseus.el.tree.impl.Builder;
import jinjava.de.odysseus.el.tree.impl.Parser;
import jinjava.de.odysseus.el.tree.impl.Scanner;
import jinjava.de.odysseus.el.tree.impl.Scanner.Symbol;
import jinjava.de.odysseus.el.tree.impl.ast.AstBinary;
import jinjava.de.odysseus.el.tree.impl.ast.AstIdentifier;
import jinjava.de.odysseus.el.tree.impl.ast.AstNode;
import jinjava.de.odysseus.el.tree.impl.ast.AstParameters;
import jinjava.de.odysseus.el.tree.impl.ast.AstProperty;
import jinjava.de.odysseus.el.tree.impl.ast.AstRightValue;
import jinjava.de.odysseus.el.tree.impl.ast.AstUnary;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELException;
import org.jspecify.annotations.Nullable;

/** The expressions of Jinja2 where Jinjava differs. */
final class JinjaSyntax extends Builder {
  private static final long serialVersionUID = 1L;

  /** Stands for the minus at the beginning of an expression; see {@link Jinja#trimmed}. */
  static final String MINUS = "\u2212";

  private static final Map<String, Symbol> WORDS =
      Map.of("True", Symbol.TRUE, "False", Symbol.FALSE, "None", Symbol.NULL);

  JinjaSyntax() {
    super(Feature.METHOD_INVOCATIONS, Feature.VARARGS);
  }

  @Override
  protected Parser createParser(String expression) {
    return new Expression(this, expression);
  }

  /**
   * An expression in which {@code not} binds less tightly than comparisons, {@code in} and {@code
   * is}, {@code and} returns the operand that decides, values of different kinds are not equal,
   * remainders have the sign of the divisor, the value of a named argument is a whole expression,
   * slices have steps, {@code True}, {@code False} and {@code None} are known, and unknown filters
   * and tests, and the formatting of texts by {@code %}, are errors.
   */
  private static final class Expression extends ExtendedParser {

    private static final AstBinary.Operator AND =
        (bindings, context, left, right) -> {
          Object first = left.eval(bindings, context);
          return bindings.convert(first, Boolean.class) ? right.eval(bindings, context) : first;
        };

    private static final AstBinary.Operator EQUAL =
        (bindings, context, left, right) ->
            equal(left.eval(bindings, context), right.eval(bindings, context));

    private static final AstBinary.Operator NOT_EQUAL =
        (bindings, context, left, right) ->
            !equal(left.eval(bindings, context), right.eval(bindings, context));

    private static final AstBinary.Operator REMAINDER =
        (bindings, context, left, right) -> {
          Object first = left.eval(bindings, context);
          if (first instanceof String) {
            throw new ELException("formatting by '%' is not known here");
          }
          return Math.floorMod(
              bindings.convert(first, Long.class),
              bindings.convert(right.eval(bindings, context), Long.class));
        };

    private static final Map<AstBinary.Operator, AstBinary.Operator> PYTHONS =
        Map.of(AstBinary.EQ, EQUAL, AstBinary.NE, NOT_EQUAL, AstBinary.MOD, REMAINDER);

    Expression(Builder context, String text) {
      super(context, text.replaceFirst("^(\\W*?)" + MINUS, "$1-"));
    }

    private static boolean equal(@Nullable Object left, @Nullable Object right) {
      return Objects.equals(comparable(left), comparable(right));
    }

    /** Returns numbers as one type; true and false become 1 and 0. */
    private static @Nullable Object comparable(@Nullable Object value) {
      if (value instanceof Boolean flag) {
        return flag ? 1.0 : 0.0;
      }
      return value instanceof Number number ? (Object) number.doubleValue() : value;
    }

    @Override
    protected Scanner createScanner(String text) {
      return new ExtendedScanner(text) {
        @Override
        protected Scanner.Token nextToken() throws Scanner.ScanException {
          Scanner.Token token = super.nextToken();
          // Jinjava reads the plus of i+1 as a sign.
          return token == AbsOperator.TOKEN ? fixed(Symbol.PLUS) : token;
        }

        @Override
        protected Scanner.@Nullable Token keyword(String word) {
          Symbol python = WORDS.get(word);
          return python == null
              ? super.keyword(word)
              : new Scanner.Token(python, word.toLowerCase(Locale.ROOT), word.length());
        }
      };
    }

    @Override
    protected AstBinary createAstBinary(AstNode left, AstNode right, AstBinary.Operator operator) {
      return super.createAstBinary(left, right, PYTHONS.getOrDefault(operator, operator));
    }

    /** Refuses unknown filters and tests, which Jinjava would evaluate to nothing. */
    @Override
    protected AstIdentifier createAstIdentifier(String name, int index) {
      Context known = JinjavaInterpreter.getCurrent().getContext();
      boolean unknown =
          name.startsWith(FILTER_PREFIX)
              ? known.getFilter(name.substring(FILTER_PREFIX.length())) == null
              : name.startsWith(EXPTEST_PREFIX)
                  && known.getExpTest(name.substring(EXPTEST_PREFIX.length())) == null;
      if (unknown) {
        throw new ELException(name.replace(':', ' ') + " is not known here");
      }
      return super.createAstIdentifier(name, index);
    }

    @Override
    protected AstNode and(boolean required) throws Scanner.ScanException, ParseException {
      AstNode value = not(required);
      while (value != null && getToken().getSymbol() == Symbol.AND) {
        consumeToken();
        value = createAstBinary(value, not(true), AND);
      }
      return value;
    }

    private AstNode not(boolean required) throws Scanner.ScanException, ParseException {
      if (getToken().getSymbol() != Symbol.NOT) {
        return eq(required);
      }
      consumeToken();
      return createAstUnary(not(true), AstUnary.NOT);
    }

    @Override
    protected AstParameters params(Symbol left, Symbol right)
        throws Scanner.ScanException, ParseException {
      consumeToken(left);
      List<AstNode> arguments = new ArrayList<>();
      while (getToken().getSymbol() != right) {
        if (!arguments.isEmpty()) {
          consumeToken(Symbol.COMMA);
        }
        if (getToken().getSymbol() != right) {
          arguments.add(argument());
        }
      }
      consumeToken(right);
      return createAstParameters(arguments);
    }

    private AstNode argument() throws Scanner.ScanException, ParseException {
      if (getToken().getSymbol() != Symbol.IDENTIFIER
          || lookahead(0) != NamedParameterOperator.TOKEN) {
        return expr(true);
      }
      String name = consumeToken().getImage();
      consumeToken();
      return new AstNamedParameter(identifier(name), expr(true));
    }

    @Override
    protected @Nullable AstNode value() throws Scanner.ScanException, ParseException {
      AstNode named = nonliteral();
      boolean assignable = named != null;
      AstNode value = assignable ? named : literal();
      while (value != null) {
        if (getToken().getSymbol() == Symbol.DOT) {
          consumeToken();
          value =
              called(createAstDot(value, consumeToken(Symbol.IDENTIFIER).getImage(), assignable));
        } else if (getToken().getSymbol() == Symbol.LBRACK) {
          consumeToken();
          value = subscript(value, assignable);
        } else {
          return value;
        }
      }
      return null;
    }

    private AstNode called(AstProperty property) throws Scanner.ScanException, ParseException {
      return getToken().getSymbol() == Symbol.LPAREN
          ? createAstMethod(property, params())
          : property;
    }

    /**
     * Parses the rest after an opening bracket: an index, a key, or a slice of up to three numbers.
     */
    private AstNode subscript(AstNode base, boolean assignable)
        throws Scanner.ScanException, ParseException {
      List<@Nullable AstNode> parts = new ArrayList<>();
      parts.add(expr(false));
      while (getToken().getSymbol() == Symbol.COLON && parts.size() < 3) {
        consumeToken();
        parts.add(expr(false));
      }
      consumeToken(Symbol.RBRACK);
      return parts.size() == 1
          ? called(createAstBracket(base, parts.get(0), assignable, true))
          : new Slice(base, parts);
    }
  }

  /** Part of a list or text, like Python's slices. */
  private static final class Slice extends AstRightValue {
    private final AstNode base;
    private final List<@Nullable AstNode> parts;

    Slice(AstNode base, List<@Nullable AstNode> parts) {
      this.base = base;
      this.parts = parts;
    }

    @Override
    public Object eval(Bindings bindings, ELContext context) {
      Object whole = base.eval(bindings, context);
      Integer stated = number(2, bindings, context);
      int step = stated == null ? 1 : stated;
      if (step == 0) {
        throw new ELException("a slice has the step 0");
      }
      if (whole instanceof String text) {
        int[] letters = text.codePoints().toArray();
        StringBuilder chosen = new StringBuilder();
        chosen(letters.length, step, bindings, context)
            .forEach(at -> chosen.appendCodePoint(letters[at]));
        return chosen.toString();
      }
      if (whole instanceof List<?> list) {
        List<@Nullable Object> chosen = new ArrayList<>();
        chosen(list.size(), step, bindings, context).forEach(at -> chosen.add(list.get(at)));
        return chosen;
      }
      throw new ELException("a slice is taken of what is no list and no text");
    }

    private List<Integer> chosen(int size, int step, Bindings bindings, ELContext context) {
      int least = step > 0 ? 0 : -1;
      int most = step > 0 ? size : size - 1;
      Integer from = number(0, bindings, context);
      Integer to = number(1, bindings, context);
      int first = from == null ? (step > 0 ? least : most) : clamped(from, size, least, most);
      int end = to == null ? (step > 0 ? most : least) : clamped(to, size, least, most);
      List<Integer> chosen = new ArrayList<>();
      for (int at = first; step > 0 ? at < end : at > end; at += step) {
        chosen.add(at);
      }
      return chosen;
    }

    private static int clamped(int stated, int size, int least, int most) {
      return Math.min(most, Math.max(least, stated < 0 ? stated + size : stated));
    }

    /** Returns a part, or null where it is absent or none. */
    private @Nullable Integer number(int part, Bindings bindings, ELContext context) {
      AstNode node = part < parts.size() ? parts.get(part) : null;
      Object value = node == null ? null : node.eval(bindings, context);
      return value == null ? null : bindings.convert(value, Integer.class);
    }

    @Override
    public void appendStructure(StringBuilder builder, Bindings bindings) {
      base.appendStructure(builder, bindings);
      builder.append("[:]");
    }

    @Override
    public int getCardinality() {
      return 1;
    }

    @Override
    public AstNode getChild(int number) {
      return base;
    }
  }
}
