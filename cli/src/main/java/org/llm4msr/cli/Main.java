package org.llm4msr.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.inject.Module;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.cli.command.Command;
import org.llm4msr.cli.command.CommandGroup;
import org.llm4msr.cli.command.Interruption;
import org.llm4msr.cli.command.RootCommand;
import org.llm4msr.cli.command.Session;
import org.llm4msr.cli.command.Terminal;
import org.llm4msr.cli.output.CheckedOutput;
import org.llm4msr.runtime.compare.LabModule;
import org.llm4msr.runtime.engine.KnownErrors;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.plugins.LinkageErrors;
import org.llm4msr.runtime.plugins.PluginRegistry;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * The command line. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 130 interrupted,
 * 143 terminated.
 */
public final class Main {

  private static final int FAILED = 1;
  private static final int WRONG_USE = 2;

  private final Session session;

  /**
   * Makes a command line.
   *
   * @param modules makes the wiring from the plugin folders that the user names
   */
  Main(PrintStream out, PrintStream err, Function<List<Path>, Module> modules) {
    this.session = new Session(new Terminal(out, err), modules);
  }

  /** Runs a command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    // Makes numbers and names look the same wherever a command runs.
    Locale.setDefault(Locale.ROOT);
    CheckedOutput checked = new CheckedOutput(new FileOutputStream(FileDescriptor.out));
    PrintStream out = new PrintStream(checked, false, UTF_8);
    // Libraries that print go to stderr: stdout holds only the result.
    System.setOut(System.err);
    Main main =
        new Main(
            out,
            System.err,
            folders -> new LabModule(new RuntimeModule(PluginRegistry.load(folders))));
    Runtime.getRuntime().addShutdownHook(new Thread(main.interruption()::begin, "llm4msr-stop"));
    int code = main.run(arguments);
    out.flush();
    String failure = checked.failure();
    if (failure != null) {
      System.err.println(
          "[cli/OUTPUT] Standard output could not be written completely: %s. Make room, or write it elsewhere."
              .formatted(failure));
    }
    System.exit(failure != null && code == 0 ? FAILED : code);
  }

  /** Returns what ends the command that runs. */
  Interruption interruption() {
    return session.interruption();
  }

  /** Runs a command. */
  int run(String... arguments) {
    CommandLine line = new CommandLine(new Root(session));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExecutionStrategy(CommandGroup::execute);
    line.setOut(new PrintWriter(session.terminal().out(), true, UTF_8));
    line.setErr(new PrintWriter(session.terminal().err(), true, UTF_8));
    line.setExecutionExceptionHandler((error, command, result) -> failed(error, command));
    IParameterExceptionHandler usage = line.getParameterExceptionHandler();
    line.setParameterExceptionHandler((error, words) -> wrongUse(error, words, usage));
    try {
      return line.execute(arguments);
    } catch (LinkageError e) {
      return failed(LinkageErrors.explain(e, session.plugins()), line);
    } catch (Error e) { // Picocli handles exceptions alone.
      return failed(e, running(line));
    } finally {
      session.interruption().end();
    }
  }

  /** Returns the command that the words named; the root where they could not be read. */
  private static CommandLine running(CommandLine line) {
    ParseResult parsed = line.getParseResult();
    return parsed == null
        ? line
        : parsed.asCommandLineList().get(parsed.asCommandLineList().size() - 1);
  }

  private int wrongUse(
      ParameterException error, String[] arguments, IParameterExceptionHandler usage)
      throws Exception {
    int code = usage.handleParseException(error, arguments);
    if (List.of(arguments).contains("--json")) {
      session.terminal().json(true);
      session
          .terminal()
          .error("cli/USAGE", ErrorType.USER, String.valueOf(error.getMessage()), false);
    }
    return code;
  }

  private int failed(Throwable error, CommandLine command) {
    Terminal terminal = session.terminal();
    boolean debug = command.getCommand() instanceof Command ours && ours.debug();
    MsrException known = find(error);
    MsrException shown = known != null ? known : KnownErrors.explain(error).orElse(null);
    if (debug || shown == null) {
      error.printStackTrace(terminal.err());
    }
    if (shown == null) {
      String text =
          "%s. This is a fault of llm4msr or a plugin; see above."
              .formatted(error.toString().strip().replaceAll("\\.$", ""));
      terminal.note("[internal/FAULT] " + text);
      terminal.error("internal/FAULT", ErrorType.INTERNAL, text, false);
      return FAILED;
    }
    terminal.note(String.valueOf(shown.getMessage()));
    terminal.error(shown.code(), shown.type(), shown.text(), shown.retryable());
    return shown.type() == ErrorType.USER ? WRONG_USE : FAILED;
  }

  /** Returns the error that the user should see, however deeply libraries wrapped it. */
  private static @Nullable MsrException find(Throwable error) {
    for (@Nullable Throwable at = error; at != null; at = at.getCause()) {
      // What a plugin throws without a code or a text says less than its place does.
      if (at instanceof MsrException known && !known.code().isBlank() && !known.text().isBlank()) {
        return known;
      }
    }
    return null;
  }

  /** The command without a name. */
  @CommandLine.Command(
      name = "llm4msr",
      description = "Multi-scenario recommendation with the knowledge of a frozen language model.",
      synopsisSubcommandLabel = "COMMAND",
      subcommands = {
        PluginsCommand.class,
        ConfigCommand.class,
        DataCommand.class,
        KnowledgeCommand.class,
        TrainCommand.class,
        EvaluateCommand.class,
        ExplainCommand.class,
        CompareCommand.class,
        CompileCommand.class,
        ReportCommand.class,
        TuneCommand.class,
        BundleCommand.class,
        ScoreCommand.class,
        SparkCommand.class,
        ServeCommand.class,
        ReplayCommand.class,
        ExportCommand.class,
        QuickstartCommand.class
      },
      exitCodeListHeading = "%nExit codes:%n",
      exitCodeList = {
        "0:done",
        "1:failed",
        "2:wrong usage or configuration",
        "130:interrupted by Ctrl-C; finished work is kept",
        "143:interrupted by SIGTERM; finished work is kept"
      })
  static final class Root extends RootCommand {
    Root(Session session) {
      super(session);
    }
  }
}
