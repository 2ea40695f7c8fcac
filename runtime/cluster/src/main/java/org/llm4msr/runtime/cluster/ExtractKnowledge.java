package org.llm4msr.runtime.cluster;

import com.google.inject.Guice;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Experiments;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.knowledge.extraction.ExtractionResult;

/**
 * Fills the knowledge store of an experiment, while processes of a cluster encode. This process
 * writes the prompts and stores the vectors, which are small beside the work of a language model.
 *
 * <p>It is called with {@code experiment} (its file), {@code overrides}, {@code plugins}, {@code
 * rebuild}, {@code window} (prompts that are sorted by length before calls are made of them),
 * {@code progress} (a {@code BiConsumer} of the prompts that are done and of all) and {@code
 * cluster}. That {@code Consumer} is called with {@code encoding} (settings of {@link
 * OpenEncoding}), {@code calls} (a list of lists of texts), {@code between} (a {@code Runnable}
 * that throws once no further call shall be made) and {@code answered} (a {@code BiConsumer} of a
 * call's number and of what {@code OpenEncoding} returned for it, for the thread that called).
 *
 * <p>It returns {@code folder}, {@code scenarios}, {@code users}, {@code items} (vectors of the
 * store), {@code read}, {@code stored}, {@code shortened}, {@code without} (users and items without
 * a vector), {@code tokens}, {@code seconds} and {@code leaks}.
 */
public final class ExtractKnowledge implements Function<Object, Object> {

  @Override
  public Object apply(Object argument) {
    Settings settings = Settings.of(argument);
    return Errors.passOn(settings::plugins, () -> extract(settings));
  }

  @SuppressWarnings("unchecked") // What the driver passes has these types.
  private static Map<String, Object> extract(Settings settings) {
    Consumer<Object> cluster = (Consumer<Object>) settings.required("cluster");
    BiConsumer<Long, Long> told = (BiConsumer<Long, Long>) settings.required("progress");
    int window = settings.number("window").intValue();
    Experiment experiment =
        Guice.createInjector(new RuntimeModule(settings.plugins()))
            .getInstance(Experiments.class)
            .open(settings.folder("experiment"), settings.texts("overrides"));
    return result(
        experiment,
        experiment.extract(
            settings.is("rebuild"),
            encoder -> ClusterCalls.of(cluster, window, encoding(experiment), encoder),
            told::accept));
  }

  private static EncodingConfig encoding(Experiment experiment) {
    ExperimentConfig config = experiment.config().config();
    KnowledgeConfig knowledge = config.knowledge();
    if (knowledge == null) {
      throw new IllegalStateException("an experiment without knowledge has no encoder");
    }
    return new EncodingConfig(knowledge.encoder(), config.runtime());
  }

  private static Map<String, Object> result(Experiment experiment, ExtractionResult result) {
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("folder", experiment.workspace().knowledge().toString());
    told.put("scenarios", result.info().scenarios());
    told.put("users", result.info().users());
    told.put("items", result.info().items());
    told.put("read", result.read());
    told.put("stored", result.stored());
    told.put("shortened", result.shortened());
    told.put("without", result.users().without().all() + result.items().without().all());
    told.put("tokens", result.tokens());
    told.put("seconds", result.seconds());
    told.put("leaks", result.info().leakFutureInteractions());
    return told;
  }
}
