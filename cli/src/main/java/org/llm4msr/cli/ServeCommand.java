package org.llm4msr.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.cli.command.Command;
import org.llm4msr.runtime.experiment.log.JsonLog;
import org.llm4msr.server.RankingServer;
import org.llm4msr.server.config.ServerConfig;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code serve}. */
@CommandLine.Command(
    name = "serve",
    description = "Ranks with bundles over HTTP, gRPC and Arrow Flight, until it is stopped.")
final class ServeCommand extends Command {

  @Parameters(
      paramLabel = "BUNDLE",
      arity = "0..1",
      description = "The folder of a bundle, served as the model 'default'.")
  @Nullable Path bundle;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "The configuration of the server; without one, only this machine is served.")
  @Nullable Path file;

  @Option(
      names = "-D",
      paramLabel = "KEY=VALUE",
      description = "Override a setting of the server, for example -Dport=9000.")
  List<String> overrides = new ArrayList<>();

  @Override
  protected String keptWhenInterrupted() {
    return "Ended before the models were loaded.";
  }

  @Override
  protected void run() throws InterruptedException {
    ServerConfig config = config();
    if (config.logFormat() == ServerConfig.LogFormat.JSON) {
      JsonLog.begin();
    } else {
      terminal().note("Loading the models, then warming up (-DwarmUpSeconds=0 leaves it out).");
    }
    try (RankingServer server = RankingServer.start(config, session().loader())) {
      session().interruption().stopWith("Ending the requests under way.", server::close);
      String address =
          "%s://%s:%d"
              .formatted(config.tls() == null ? "http" : "https", config.host(), server.port());
      terminal().result(Map.of("address", address, "models", server.models()), address);
      server.await();
    }
  }

  private ServerConfig config() {
    List<String> all = new ArrayList<>();
    if (bundle != null) {
      String path = bundle.toAbsolutePath().toString().replace("'", "''"); // As YAML quotes it.
      all.add("models.default.bundle='%s'".formatted(path));
    } else if (file == null) {
      throw new ParameterException(spec.commandLine(), "Name a BUNDLE, or a --config FILE");
    }
    all.addAll(overrides);
    return file == null
        ? session().loader().bind(ServerConfig.class, all, "The server")
        : session().loader().read(ServerConfig.class, file, all);
  }
}
