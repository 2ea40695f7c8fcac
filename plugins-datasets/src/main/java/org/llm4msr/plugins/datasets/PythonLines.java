package org.llm4msr.plugins.datasets;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.List;
import net.razorvine.serpent.ObjectifyVisitor;
import net.razorvine.serpent.Parser;
import net.razorvine.serpent.ast.Ast;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Lines of Python literals, as rows of {@code n} (from 1) and {@code line}, which is then JSON. A
 * line that is not a literal, or not in UTF-8, becomes a text that is not an object. Nothing in a
 * line is executed.
 */
record PythonLines(RawDatabase database, Path file, String name) implements ArrowInput {

  private static final int ROWS_OF_A_BATCH = 4096;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Schema SCHEMA =
      new Schema(
          List.of(
              Field.nullable("n", new ArrowType.Int(64, true)),
              Field.nullable("line", ArrowType.Utf8.INSTANCE)));

  @Override
  public ArrowReader open(BufferAllocator allocator) throws IOException {
    // One character per byte, so that a line that is not in UTF-8 is known by its number.
    BufferedReader lines = TextFile.open(database.readFrom(file), ISO_8859_1);
    return new Reader(file, lines, allocator);
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

  private static final class Reader extends ArrowReader {
    private final Path file;
    private final BufferedReader lines;
    private long number;

    Reader(Path file, BufferedReader lines, BufferAllocator allocator) {
      super(allocator);
      this.file = file;
      this.lines = lines;
    }

    @Override
    protected Schema readSchema() {
      return SCHEMA;
    }

    @Override
    public boolean loadNextBatch() throws IOException {
      prepareLoadNextBatch();
      VectorSchemaRoot root = getVectorSchemaRoot();
      BigIntVector numbers = (BigIntVector) root.getVector(0);
      VarCharVector texts = (VarCharVector) root.getVector(1);
      int rows = 0;
      for (String line; rows < ROWS_OF_A_BATCH && (line = TextFile.line(lines, file)) != null; ) {
        number++;
        String json = json(line.getBytes(ISO_8859_1));
        if (!json.isBlank()) {
          numbers.setSafe(rows, number);
          texts.setSafe(rows++, json.getBytes(UTF_8));
        }
      }
      root.setRowCount(rows);
      return rows > 0;
    }

    private String json(byte[] line) {
      try {
        String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(line)).toString();
        return toJson(number == 1 && text.startsWith("\ufeff") ? text.substring(1) : text);
      } catch (CharacterCodingException e) {
        return "not in UTF-8: " + new String(line, UTF_8);
      }
    }

    @Override
    public long bytesRead() {
      return 0;
    }

    @Override
    protected void closeReadSource() throws IOException {
      lines.close();
    }
  }
}
