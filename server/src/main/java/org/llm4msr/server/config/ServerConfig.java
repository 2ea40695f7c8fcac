package org.llm4msr.server.config;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.PositiveOrZero;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;

/** A server: its models, where it listens and what it takes. The root of the YAML file. */
public record ServerConfig(
    @Setting("The models, by name") @NotEmpty
        Map<
                @Pattern(regexp = ServerConfig.NAME, message = ServerConfig.NAME_RULE) String,
                @Valid ModelEntry>
            models,
    @Setting(
            value = "The address to listen at; 0.0.0.0: all addresses of the machine",
            defaultValue = "127.0.0.1")
        @NotBlank
        String host,
    @Setting(value = "The port; 0: one that is free", defaultValue = "8080") @Min(0) @Max(65_535)
        int port,
    @Setting(value = "Threads that rank; 0: one per core", defaultValue = "0", operational = true)
        @PositiveOrZero
        @Max(1024)
        int threads,
    @Setting(value = "What is refused before work is done for it", defaultValue = "{}") @Valid
        LimitsConfig limits,
    @Setting(value = "Values that are fetched when a request comes", defaultValue = "{}") @Valid
        FeaturesConfig features,
    @Setting(value = "Vectors that it is given while it runs", defaultValue = "{}") @Valid
        FreshKnowledgeConfig knowledge,
    @Setting("Encryption; none: plain connections") @Valid @Nullable TlsConfig tls,
    @Setting(
            value =
                "Tokens of which each request brings one as `Authorization: Bearer`; none, and no"
                    + " `tokensFile`: all may ask",
            defaultValue = "{}")
        @Valid
        TokensConfig tokens,
    @Setting("A YAML file with more such lists; read again when it changes")
        @Nullable Path tokensFile,
    @Setting(
            value =
                "Without tokens, names of the server beside those of its machine, at which it may be"
                    + " changed and whose pages may ask",
            defaultValue = "[]")
        List<@NotBlank String> hosts,
    @Setting(
            value = "Whether requests are logged: off, plain without ids, or ids with them",
            defaultValue = "off")
        AccessLog accessLog,
    @Setting(
            value = "How the lines of stderr are written: text, or json with the date and fields",
            defaultValue = "text")
        LogFormat logFormat,
    @Setting("A log of requests that can be repeated; none: nothing is written") @Valid
        @Nullable LogConfig log,
    @Setting(
            value =
                "The folder of a log whose last requests a model ranks before it is ready; none, or"
                    + " one without any: drawn requests",
            operational = true)
        @Nullable Path warmUpLog,
    @Setting(
            value =
                "Whether bundles that are not compiled are refused; otherwise the engine serves them,"
                    + " more slowly",
            defaultValue = "false")
        boolean requireCompiled,
    @Setting(value = "Whether a page for people is at `/`", defaultValue = "true") boolean page,
    @Setting(
            value =
                "Seconds in which a model ranks drawn requests before it is served; at the start, the"
                    + " server asks itself over all protocols for five times as long",
            defaultValue = "2",
            operational = true)
        @PositiveOrZero
        @Max(600)
        double warmUpSeconds,
    @Setting(
            value =
                "Seconds after which folders of versions, `tls` and `tokensFile` are looked at again; 0: never, but versions by request",
            defaultValue = "10",
            operational = true)
        @PositiveOrZero
        @Max(86_400)
        double reloadSeconds,
    @Setting(
            value = "Seconds in which requests may end after SIGTERM, and then the feature source",
            defaultValue = "20",
            operational = true)
        @PositiveOrZero
        @Max(3600)
        double drainSeconds) {

  private static final double NANOS = 1e9;

  static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}";
  static final String NAME_RULE = "must be letters, digits, '.', '_' and '-', at most 64";

  /** What is written of a request. */
  public enum AccessLog {
    /** Nothing. */
    OFF,
    /** When, what, the status and how long it took. */
    PLAIN,
    /** Also the address, and the ids of the request and the user. */
    IDS
  }

  /** How lines of the log are written. */
  public enum LogFormat {
    /** For people. */
    TEXT,
    /** An object of JSON each. */
    JSON
  }

  /** Returns for how long a model ranks drawn requests. */
  public Duration warmUp() {
    return Duration.ofNanos((long) (warmUpSeconds * NANOS));
  }

  /** Returns for how long requests and a source of features may end. */
  public Duration drain() {
    return Duration.ofNanos((long) (drainSeconds * NANOS));
  }

  /** Returns how many threads rank. */
  public int rankingThreads() {
    return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
  }
}
