package org.llm4msr.plugins.llm.decoder;

import com.hubspot.jinjava.el.ext.AstNamedParameter;
import com.hubspot.jinjava.el.ext.ExtendedParser;
import com.hubspot.jinjava.el.ext.NamedParameterOperator;
import java.util.ArrayList;
import java.util.List;
import jinjava.de.odysseus.el.tree.Bindings;
import jinjava.de.odysseus.el.tree.impl.Builder;
import jinjava.de.odysseus.el.tree.impl.Parser;
import jinjava.de.odysseus.el.tree.impl.Scanner;
import jinjava.de.odysseus.el.tree.impl.Scanner.Symbol;
import jinjava.de.odysseus.el.tree.impl.ast.AstBinary;
import jinjava.de.odysseus.el.tree.impl.ast.AstNode;
import jinjava.de.odysseus.el.tree.impl.ast.AstParameters;
import jinjava.de.odysseus.el.tree.impl.ast.AstProperty;
import jinjava.de.odysseus.el.tree.impl.ast.AstRightValue;
import jinjava.de.odysseus.el.tree.impl.ast.AstUnary;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELException;
import org.jspecify.annotations.Nullable;

/** The expressions of Jinja2, where Jinjava has others. */
final class JinjaSyntax extends Builder {
  private static final long serialVersionUID = 1L;

  JinjaSyntax() {
    super(Feature.METHOD_INVOCATIONS, Feature.VARARGS);
  }

  @Override
  protected Parser createParser(String expression) {
    return new Expression(this, expression);
  }

  /**
   * An expression where {@code not} binds less than comparisons, {@code in} and {@code is}, {@code
   * and} gives the operand that decides, the value of a named argument is a whole expression, and
   * slices have steps.
   */
  private static final class Expression extends ExtendedParser {

    private static final AstBinary.Operator AND =
        (bindings, context, left, right) -> {
          Object first = left.eval(bindings, context);
          return bindings.convert(first, Boolean.class) ? right.eval(bindings, context) : first;
        };

    Expression(Builder context, String text) {
      super(context, text);
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

    /** What follows an opening bracket: an index or key, or a slice of up to three numbers. */
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

  /** Part of a list or text, as Python's slices are. */
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
      int step = number(2, 1, bindings, context);
      if (step == 0) {
        throw new ELException("a slice has the step 0");
      }
      if (whole instanceof String text) {
        StringBuilder chosen = new StringBuilder();
        chosen(text.length(), step, bindings, context)
            .forEach(at -> chosen.append(text.charAt(at)));
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
      int from = place(number(0, step > 0 ? 0 : size, bindings, context), size, least, most);
      int to =
          parts.get(1) == null
              ? (step > 0 ? size : -1)
              : place(number(1, 0, bindings, context), size, least, most);
      List<Integer> chosen = new ArrayList<>();
      for (int at = from; step > 0 ? at < to : at > to; at += step) {
        chosen.add(at);
      }
      return chosen;
    }

    private static int place(int stated, int size, int least, int most) {
      return Math.min(most, Math.max(least, stated < 0 ? stated + size : stated));
    }

    private int number(int part, int absent, Bindings bindings, ELContext context) {
      AstNode node = part < parts.size() ? parts.get(part) : null;
      return node == null ? absent : bindings.convert(node.eval(bindings, context), Integer.class);
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
