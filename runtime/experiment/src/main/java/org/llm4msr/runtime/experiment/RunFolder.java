package org.llm4msr.runtime.experiment;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.bundle.PluginStamps;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.ModelPart;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.runtime.files.FolderLock;
import org.llm4msr.runtime.files.SetAside;
import org.llm4msr.runtime.files.SmallFiles;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.plugins.PluginStamp;

/** The folder of a run: effective configuration, provenance, reports. */
record RunFolder(Path path) {

  /** The effective configuration. */
  private static final String CONFIG = "config.yaml";

  static final String PROVENANCE = "provenance.json";

  /** Key of the plugins in {@link #PROVENANCE}. */
  static final String PLUGINS = "plugins";

  private static final String KNOWLEDGE = "knowledge";
  private static final String JOB = "job";

  /** The result of training. */
  static final String TRAINING = "training.json";

  private static final String LOCK = "run.lock";

  private static final TypeReference<List<PluginStamp>> STAMPS = new TypeReference<>() {};

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .registerModule(
              new SimpleModule().addSerializer(Path.class, new ToStringSerializer(Path.class)))
          .enable(SerializationFeature.INDENT_OUTPUT);

  /** Makes the folder if there is none, and returns whether there was none. */
  boolean create() {
    boolean made = !Files.exists(path);
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw failed(e);
    }
    return made;
  }

  /** Locks the run for this process. */
  FolderLock lock() {
    FolderLock lock;
    try {
      lock = FolderLock.tryTake(path.resolve(LOCK));
    } catch (IOException e) {
      throw failed(e);
    }
    if (lock == null) {
      throw new MsrException(
          ErrorType.USER,
          "training/RUN_IN_USE",
          "The run %s is already being trained. Wait for that process, or choose another run with --run NAME."
              .formatted(path));
    }
    return lock;
  }

  /**
   * Clears up after a process that died, and with force sets aside what another job left; the
   * caller holds the lock.
   */
  void prepareFor(TrainingOptions options) {
    settle();
    if (options.force() && !isOf(options.job())) {
      setAside();
    }
  }

  /** Moves what is in the folder aside, until {@link #settle}. */
  private void setAside() {
    try {
      aside().begin();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** Deletes what was set aside if another run has begun in its place, and else puts it back. */
  void settle() {
    try {
      aside().settle(hasBegun());
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private SetAside aside() {
    return new SetAside(path, LOCK);
  }

  /** Returns whether there is a checkpoint: from then on, the run keeps its configuration. */
  boolean hasBegun() {
    return Files.exists(path.resolve("checkpoints/state.json"));
  }

  /** Returns the file of the effective configuration. */
  Path config() {
    return path.resolve(CONFIG);
  }

  /** Returns whether the configuration of the run is there. */
  boolean hasConfig() {
    return Files.exists(config());
  }

  /** Returns the log of the process while it works with the run. */
  Path log() {
    return path.resolve("log.txt");
  }

  /** Returns the file that says what determined the result beside the configuration. */
  Path provenance() {
    return path.resolve(PROVENANCE);
  }

  /** Returns whether the model of the run reads knowledge; true where that is not recorded. */
  boolean readsKnowledge() {
    return !Files.exists(provenance()) || read(PROVENANCE).has(KNOWLEDGE);
  }

  /** Returns whether a job has begun the run. */
  private boolean isOf(@Nullable String job) {
    return job != null
        && hasBegun()
        && Files.exists(provenance())
        && read(PROVENANCE).path(JOB).asText().equals(job);
  }

  /** Returns the plugins with which the run began, as far as they are known. */
  List<PluginStamp> plugins() {
    if (!Files.exists(provenance())) {
      return List.of();
    }
    JsonNode plugins = read(PROVENANCE).path(PLUGINS);
    try {
      return plugins.isMissingNode() ? List.of() : JSON.readerFor(STAMPS).readValue(plugins);
    } catch (IOException e) {
      throw unreadable(provenance(), e);
    }
  }

  /** Says in which plugins of a model the code is not that with which the run began. */
  String otherCode(ModelConfig model) {
    return PluginStamp.differences(plugins(), PluginStamps.of(ModelPart.of(model)));
  }

  /**
   * Stores the effective configuration and what else determines the result.
   *
   * @param job that begins the run; null where it has no name
   */
  void writeConfig(
      LoadedConfig loaded,
      DatasetManifest manifest,
      @Nullable KnowledgeStore knowledge,
      StartingPoint start,
      TensorEngine engine,
      @Nullable String job) {
    String head = "# Effective configuration. Relative paths start at " + loaded.base() + "\n";
    write(CONFIG, head + loaded.effective().yaml());
    Map<String, Object> provenance = new LinkedHashMap<>();
    provenance.put("written", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    provenance.put("version", version());
    provenance.put("java", Runtime.version().toString());
    provenance.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    provenance.put("engine", loaded.config().runtime().engine());
    provenance.put("engineVersion", engine.engine().getVersion());
    provenance.put("device", engine.deviceName());
    provenance.put("threads", engine.threads());
    provenance.put("libraries", LibraryVersions.versions());
    String commit = LibraryVersions.gitCommit(loaded.base());
    if (commit != null) {
      provenance.put("gitCommit", commit);
    }
    provenance.put(PLUGINS, PluginStamps.of(loaded));
    provenance.put("seed", loaded.config().training().seed());
    provenance.put("data", manifest.key());
    if (knowledge != null) {
      provenance.put("leakFutureInteractions", knowledge.info().leakFutureInteractions());
      provenance.put("readsLaterParts", loaded.config().readsLaterParts());
      provenance.put(KNOWLEDGE, knowledge.info());
    }
    provenance.putAll(start.provenance());
    if (job != null) {
      provenance.put(JOB, job);
    }
    write(PROVENANCE, provenance);
  }

  private static String version() {
    String version = RunFolder.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  /**
   * Returns what {@link #write} wrote.
   *
   * @throws MsrException of type DATA if it is missing or cannot be read
   */
  JsonNode read(String name) {
    Path file = path.resolve(name);
    try {
      return JSON.readTree(SmallFiles.read(file));
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** Returns the calibration of a finished run; none where it is not or has none. */
  Calibration calibration() {
    if (!Files.exists(path.resolve(TRAINING))) {
      return Calibration.NONE;
    }
    JsonNode calibration = read(TRAINING).path("calibration");
    try {
      return calibration.isMissingNode()
          ? Calibration.NONE
          : JSON.treeToValue(calibration, Calibration.class);
    } catch (IOException e) {
      throw unreadable(path.resolve(TRAINING), e);
    }
  }

  MsrException unreadable(Path file, IOException cause) {
    return new MsrException(
        ErrorType.DATA,
        "training/RUN_FOLDER",
        "%s cannot be read: %s. Train a new run with --run NAME."
            .formatted(file, FileErrors.reason(cause)),
        cause);
  }

  /** Returns where the bundle of the run goes unless another place is named. */
  Path bundle() {
    return path.resolve("bundle");
  }

  void write(String name, Object value) {
    try {
      write(name, JSON.writeValueAsString(value) + "\n");
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private void write(String name, String text) {
    try {
      DurableFiles.write(path.resolve(name), text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private MsrException failed(IOException e) {
    return new MsrException(
        ErrorType.RESOURCES,
        "training/RUN_FOLDER",
        "The run folder %s cannot be written to: %s. Check the disk and the permissions."
            .formatted(path, FileErrors.reason(e)),
        e);
  }
}
