package org.llm4msr.server.models;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.server.config.ModelEntry;
import org.llm4msr.server.refusal.Faults;
import org.llm4msr.server.refusal.Refusals;
import org.llm4msr.serving.ranker.RankerComparison;
import org.llm4msr.serving.versions.FolderStamp;
import org.llm4msr.serving.versions.ModelVersions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model by its name, whichever of its versions is served. Versions are looked for and replaced by
 * one thread at a time; any may ask for the status.
 */
final class ModelSlot {

  private static final Logger LOG = LoggerFactory.getLogger(ModelSlot.class);

  private final String name;
  private final ModelEntry entry;
  private final @Nullable ModelVersions versions;
  private final ModelLoader loader;
  private final Models models;
  private final ModelObserver observer;
  private final Map<String, Attempt> attempts = new HashMap<>();
  private volatile @Nullable RankerComparison comparison;
  private volatile @Nullable MsrException problem;
  private volatile @Nullable Rejected rejected;

  /** A version that could not be served, as it was found. */
  private record Attempt(FolderStamp stamp, MsrException error) {}

  ModelSlot(
      String name, ModelEntry entry, ModelLoader loader, Models models, ModelObserver observer) {
    this.name = name;
    this.entry = entry;
    this.loader = loader;
    this.models = models;
    this.observer = observer;
    versions = entry.versions() == null ? null : new ModelVersions(entry.versions());
  }

  /**
   * Serves the version that is wanted, or the newest of those that can be loaded.
   *
   * @throws MsrException why none can
   */
  void begin() {
    if (versions == null) {
      replace(requireNonNull(entry.bundle(), "a model has a bundle or versions"), null, true);
      return;
    }
    look();
    if (models.find(name) == null) {
      throw problem != null ? problem : noVersion(versions);
    }
  }

  private MsrException noVersion(ModelVersions all) {
    return new MsrException(
        ErrorType.USER,
        Refusals.NO_VERSION,
        "There is no bundle in %s, so the model '%s' cannot be served. Write one there: llm4msr bundle publish BUNDLE --to FOLDER."
            .formatted(all.folder(""), name));
  }

  /**
   * Serves the version that is wanted now, if it is another one and can be loaded.
   *
   * @return the model that is not served any more; null if nothing changed
   */
  @Nullable ServedModel look() {
    if (versions == null) {
      return null;
    }
    ServedModel current = models.find(name);
    MsrException error = null;
    Rejected wanted = null;
    ServedModel replaced = null;
    for (String version : candidates(versions, current)) {
      if (current != null && isServed(current, versions.folder(version))) {
        break;
      }
      MsrException failed = attempt(versions, version, current);
      if (failed == null) {
        replaced = current;
        break;
      }
      if (error == null) {
        error = failed;
        wanted = new Rejected(version, failed.code(), failed.text());
      }
    }
    problem = error;
    rejected = wanted;
    return replaced;
  }

  /** Versions to try, the best first; the one that is served ends them. */
  private static List<String> candidates(ModelVersions versions, @Nullable ServedModel current) {
    Optional<String> pinned = versions.pinned();
    if (pinned.isPresent()) {
      return List.of(pinned.get());
    }
    return versions.names().stream()
        .filter(
            version ->
                current == null
                    || version.equals(current.version())
                    || ModelVersions.isNewer(version, current.version()))
        .toList();
  }

  private static boolean isServed(ServedModel current, Path folder) {
    if (!folder.equals(current.folder())) {
      return false;
    }
    try {
      return !Bundle.isIn(folder) || Bundle.peek(folder).digest().equals(current.ranker().digest());
    } catch (MsrException e) {
      return false; // Another bundle of the same name, and a damaged one: an attempt tells.
    }
  }

  /** Returns why a version cannot be served; null if it is now. */
  private @Nullable MsrException attempt(
      ModelVersions all, String version, @Nullable ServedModel current) {
    Path folder = all.folder(version);
    FolderStamp stamp = FolderStamp.of(folder);
    Attempt before = attempts.get(version);
    if (before != null && before.stamp().equals(stamp)) {
      return before.error();
    }
    try {
      replace(folder, current, all.pinned().isPresent());
      attempts.remove(version);
      return null;
    } catch (RuntimeException | OutOfMemoryError | LinkageError e) {
      MsrException known = Faults.known(e);
      MsrException error = sent(all, known);
      if (Thread.currentThread().isInterrupted()) {
        return error; // The server ends, and the version may be sound.
      }
      attempts.put(version, new Attempt(stamp, error));
      LOG.error("The version {} of the model {} is not served: {}", version, name, known.text());
      observer.rejected(name, new Rejected(version, error.code(), error.text()));
      return error;
    }
  }

  /** Clients need not know where the folder is. */
  private static MsrException sent(ModelVersions all, MsrException error) {
    return new MsrException(
        error.type(), error.code(), all.relative(error.text()), error, error.retryable());
  }

  private void replace(Path folder, @Nullable ServedModel current, boolean chosen) {
    ServedModel next = loader.open(name, folder, entry);
    try {
      if (current != null) {
        comparison = loader.compare(current, next, chosen);
      }
      serve(next, current);
    } catch (RuntimeException | Error e) {
      next.ranker().close();
      throw e;
    }
  }

  private void serve(ServedModel next, @Nullable ServedModel current) {
    loader.warm(next);
    models.put(next);
    observer.served(next, current);
    LOG.info("The model {} is served in the version {}", name, next.version());
  }

  /**
   * Serves a version by its name, and remembers that for all that look at the folder.
   *
   * @param version null for the newest
   * @return the model that is not served any more; null if nothing changed
   * @throws MsrException {@code serve/NO_VERSION}; {@code serve/REJECTED} where it cannot be
   *     served. Nothing has changed then
   */
  @Nullable ServedModel select(@Nullable String version) {
    if (versions == null) {
      throw new MsrException(
          ErrorType.USER,
          Refusals.NO_VERSION,
          "The model '%s' is a single bundle. Give it a folder of versions in the configuration: models.%s.versions."
              .formatted(name, name));
    }
    String before = versions.pinned().orElse(null);
    pin(versions, version);
    attempts.clear();
    ServedModel replaced = look();
    MsrException error = problem;
    if (version != null && error != null) {
      pin(versions, before);
      throw Refusals.rejected(version, error);
    }
    return replaced;
  }

  private static void pin(ModelVersions versions, @Nullable String version) {
    try {
      versions.pin(version);
    } catch (MsrException e) {
      throw sent(versions, e);
    }
  }

  /** Returns what is known now; nothing before a model is loaded. */
  Optional<ModelStatus> status() {
    return Optional.ofNullable(models.find(name)).map(this::status);
  }

  private ModelStatus status(ServedModel model) {
    return new ModelStatus(
        name,
        model.version(),
        model.ranker().digest(),
        model.weight(),
        entry.shadow(),
        model.ranker().isCompiled(),
        model.ranker().scenarios(),
        model.since().toString(),
        versions == null ? List.of() : versions.names(),
        versions != null && versions.pinned().isPresent(),
        comparison,
        rejected);
  }
}
