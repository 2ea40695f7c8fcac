package org.llm4msr.cli.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import org.llm4msr.api.ErrorType;
import org.llm4msr.runtime.data.prepared.FieldKinds;
import org.llm4msr.runtime.text.Passwords;

/** The output of a command: results go to stdout, all else to stderr. */
public final class Terminal {

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .registerModule(
              new SimpleModule().addSerializer(Path.class, new ToStringSerializer(Path.class)))
          .registerModule(FieldKinds.json())
          .enable(SerializationFeature.INDENT_OUTPUT);

  private final PrintStream out;
  private final PrintStream err;
  private boolean json;
  private boolean printed;

  /** The output with {@code --json} if a command failed. */
  private record ErrorObject(String code, String type, String message, boolean retryable) {}

  public Terminal(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  public synchronized void json(boolean on) {
    json = on;
  }

  public PrintStream out() {
    return out;
  }

  public PrintStream err() {
    return err;
  }

  /** Prints the one result of a command: the object with {@code --json}, the text otherwise. */
  public synchronized void result(Object object, String text) {
    if (json && printed) {
      return; // Standard output is one JSON value, even if a command fails after its result.
    }
    printed = true;
    out.println(json ? toJson(object) : text.stripTrailing());
    out.flush();
  }

  /** Prints an error as the result with {@code --json}, and nothing otherwise. */
  public synchronized void error(String code, ErrorType type, String message, boolean retryable) {
    if (json) {
      String shown = Passwords.masked(message);
      var error = new ErrorObject(code, type.name(), shown, retryable);
      result(Map.of("error", error), shown);
    }
  }

  /** Prints a text as the result, whatever the form asked for. */
  public void raw(String text) {
    out.print(text);
    out.flush();
  }

  /** Prints a remark that is no result. */
  public void note(String text) {
    err.println(Passwords.masked(text));
  }

  public static String toJson(Object object) {
    try {
      return JSON.writeValueAsString(object);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(object.getClass() + " has no JSON form", e);
    }
  }
}
