package org.llm4msr.runtime.plugins;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.PluginFactory;

/**
 * Calls code of one plugin, and names the plugin where that breaks its contract in a way that would
 * show elsewhere or not at all.
 *
 * @param plugin kind and name, as the beginning of a sentence
 */
public record PluginCall(String plugin) {

  /** What the JDK says of its readers, streams, scanners and archives. */
  private static final Pattern CLOSED =
      Pattern.compile("(?i)(stream|scanner|zip file|zipfile) (has been )?closed");

  /** A call that returns something and may throw. */
  @FunctionalInterface
  public interface Call<T, E extends Exception> {

    /** Runs it. */
    @Nullable T run() throws E;
  }

  /** Returns the calls of what a factory makes, and of the factory itself. */
  public static PluginCall of(PluginFactory<?> factory, String name) {
    String kind =
        Arrays.stream(PluginKind.values())
            .filter(any -> any.service().isInstance(factory))
            .findFirst()
            .map(PluginKind::title)
            .orElse("plugin");
    return new PluginCall("The %s '%s'".formatted(kind, name));
  }

  /**
   * Runs a call.
   *
   * @param method what is called, for example {@code forward()}
   * @throws MsrException {@code plugin/NULL} if it returns null or passes it to the API, {@code
   *     plugin/STACK_OVERFLOW}, {@code plugin/CLOSED_INPUT} if it reads from a stream that it has
   *     closed
   */
  public <T, E extends Exception> T call(String method, Call<T, E> call) throws E {
    T result;
    try {
      result = call.run();
    } catch (StackOverflowError e) {
      throw PluginFaults.overflow("%s in %s".formatted(plugin, method), e);
    } catch (Exception e) {
      if (isOfClosedInput(e)) {
        throw error(
            "CLOSED_INPUT",
            "read on in %s after it had closed its input (%s). Have it close files and streams in close(), not before."
                .formatted(method, e.getMessage()),
            e);
      }
      if (e instanceof NullPointerException && isOfApi(e)) {
        throw error(
            "NULL",
            "passed null to %s in %s (%s). Have it pass a value."
                .formatted(
                    ErrorSource.frames(e).get(0).getClassName(),
                    method,
                    FactoryProblems.describe(e)),
            e);
      }
      throw e;
    }
    if (result == null) {
      throw error(
          "NULL",
          "returned null from %s. Have it return a value, or throw an exception that says why there is none."
              .formatted(method),
          null);
    }
    return result;
  }

  private static boolean isOfClosedInput(Exception error) {
    if (error instanceof UncheckedIOException && error.getCause() instanceof IOException cause) {
      return isOfClosedInput(cause);
    }
    boolean ofJdk = error instanceof IOException || error instanceof IllegalStateException;
    return error.getClass() == ClosedChannelException.class
        || (ofJdk && CLOSED.matcher(String.valueOf(error.getMessage())).matches());
  }

  private static boolean isOfApi(Exception error) {
    List<StackTraceElement> frames = ErrorSource.frames(error);
    return !frames.isEmpty() && frames.get(0).getClassName().startsWith(SharedPackages.API);
  }

  /** Runs a call as {@link #call}, in the {@link ContextLoader} of what is called. */
  public <T, E extends Exception> T inContext(Object part, String method, Call<T, E> call)
      throws E {
    try (ContextLoader scope = ContextLoader.of(part)) {
      return call(method, call);
    }
  }

  /** Runs a call that returns nothing, as {@link #inContext(Object, String, Call)}. */
  public void inContext(Object part, String method, Runnable call) {
    inContext(
        part,
        method,
        () -> {
          call.run();
          return part;
        });
  }

  /**
   * Returns an error of the plugin.
   *
   * @param code the second part of {@code plugin/CODE}
   * @param text follows the plugin in the sentence
   */
  public MsrException error(String code, String text, @Nullable Throwable cause) {
    return new MsrException(ErrorType.PLUGIN, "plugin/" + code, plugin + " " + text, cause);
  }
}
