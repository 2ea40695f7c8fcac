package org.llm4msr.plugins.datasets.input;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import net.razorvine.serpent.ObjectifyVisitor;
import net.razorvine.serpent.Parser;
import net.razorvine.serpent.ast.Ast;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.toolkit.arrow.ForwardingReader;

/**
 * Lines of Python literals, which become JSON. One that is not a literal stays as it is. Nothing in
 * a line is executed.
 *
 * @param column the column of the lines
 */
public record PythonLines(ArrowInput lines, String column) implements ArrowInput {

  private static final ObjectMapper JSON = new ObjectMapper();

  @Override
  public ArrowReader open(BufferAllocator allocator) throws IOException {
    return new ForwardingReader(lines.open(allocator), allocator) {
      @Override
      public boolean loadNextBatch() throws IOException {
        boolean more = super.loadNextBatch();
        convert((VarCharVector) getVectorSchemaRoot().getVector(column));
        return more;
      }
    };
  }

  private static void convert(VarCharVector lines) {
    byte[][] objects = new byte[lines.getValueCount()][];
    for (int i = 0; i < objects.length; i++) {
      byte[] line = lines.get(i);
      objects[i] = line == null ? new byte[0] : toJson(new String(line, UTF_8)).getBytes(UTF_8);
    }
    lines.reset();
    for (int i = 0; i < objects.length; i++) {
      if (objects[i].length > 0) {
        lines.setSafe(i, objects[i]);
      }
    }
    lines.setValueCount(objects.length);
  }

  static String toJson(String literal) {
    try {
      Ast parsed = new Parser().parse(literal);
      ObjectifyVisitor objects = new ObjectifyVisitor();
      parsed.accept(objects);
      return JSON.writeValueAsString(objects.getObject());
    } catch (RuntimeException | JsonProcessingException | StackOverflowError e) {
      // The parser can throw any exception that its code runs into.
      return literal;
    }
  }
}
