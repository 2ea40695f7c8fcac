package org.llm4msr.runtime.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.inject.Guice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.config.loading.ConfigPlugins;
import org.llm4msr.runtime.data.prepared.Split;

/** What parts need of each other is said before anything runs. */
class ExperimentCheckTest {

  @TempDir Path folder;
  private Experiments experiments;

  @BeforeEach
  void writeExperiment() throws IOException {
    experiments =
        Guice.createInjector(new RuntimeModule(ConfigPlugins.registry(folder.resolve("plugins"))))
            .getInstance(Experiments.class);
    Files.createDirectory(folder.resolve("raw"));
    Files.writeString(
        folder.resolve("experiment.yaml"),
        """
        dataset: { name: movies, path: raw, split: { by: given } }
        model: { backbone: mmoe }
        """);
  }

  @Test
  void whatFitsPasses() {
    assertThatCode(() -> open().check()).doesNotThrowAnyException();
  }

  @Test
  void dataAloneIsCheckedAndNotTrained() throws IOException {
    Path file = folder.resolve("experiment.yaml");
    Files.writeString(file, "dataset: { name: movies, path: raw, split: { by: given } }\n");
    assertThatCode(() -> open().check()).doesNotThrowAnyException();
    assertThat(open().readsKnowledge()).isFalse();
    assertThat(problem("dataset.path=nowhere")).contains("there is no " + folder + "/nowhere");
    assertThat(refusal(() -> open().train("default", Progress.NONE)))
        .hasMessage(
            "[config/NO_MODEL] "
                + file
                + " has no section model, which says what is trained. Add one that names a"
                + " backbone, for example model: { backbone: mmoe }; `llm4msr plugins list` has"
                + " the names.")
        .extracting(MsrException::type)
        .isEqualTo(ErrorType.USER);
  }

  @Test
  void theMonitoredMetricExists() {
    assertThat(problem("training.monitor=guac"))
        .contains(
            "training.monitor = guac (-Dtraining.monitor): does not exist. Did you mean gauc?"
                + " Choose one of auc, gauc, logLoss,");
    assertThatCode(() -> open("training.monitor=gauc").check()).doesNotThrowAnyException();
  }

  @Test
  void aHeadThatReadsKnowledgeNeedsASection() {
    assertThat(problem("model.fusion=hierarchical"))
        .contains("1. model.fusion.name = hierarchical (-Dmodel.fusion): reads the knowledge of a")
        .contains("there is no section knowledge");
    assertThatCode(() -> open("model.fusion=hierarchical", "knowledge.encoder=hash").check())
        .doesNotThrowAnyException();
  }

  @Test
  void knowledgeHasAtMostAsManyComponentsAsDimensions() {
    String encoder = "knowledge.encoder={name: hash, dimension: 8}";
    assertThat(problem("model.fusion=hierarchical", encoder, "knowledge.components=9"))
        .contains(
            "knowledge.components = 9 (-Dknowledge.components): vectors of the encoder hash have 8"
                + " dimensions. Use a smaller number, or leave it out");
    assertThatCode(
            () -> open("model.fusion=hierarchical", encoder, "knowledge.components=8").check())
        .doesNotThrowAnyException();
    assertThatCode(() -> open(encoder, "knowledge.components=9").check())
        .as("a head that reads no knowledge")
        .doesNotThrowAnyException();
  }

  @Test
  void aHeadThatReadsHiddenNeedsABackboneThatHasIt() {
    assertThat(problem("model.fusion=attention", "model.backbone=flat"))
        .contains("model.fusion.name = attention")
        .contains("needs the hidden state of the backbone, but flat has none");
  }

  @Test
  void anEngineThatLacksAFeatureIsRefusedByItsName() {
    assertThat(problem("model.backbone={name: mmoe, heads: 4}", "runtime.engine=MXNet"))
        .contains(
            "model.backbone.name = mmoe (-Dmodel.backbone): needs what the engine MXNet does not"
                + " have: TOP_K. Set runtime.engine to PyTorch");
  }

  @Test
  void theDataMustHaveWhatTheSplitAndTheScenariosName() {
    assertThat(
            problem(
                "dataset.split.by=time",
                "dataset.scenarios=[drama, comdy, drama]",
                "training.scenarioWeights={horror: 2}"))
        .contains("the data has no time. Allowed here: random, given")
        .contains(
            "dataset.scenarios = comdy (-Ddataset.scenarios): there is no such scenario. There are"
                + " comedy, drama. Did you mean comedy?")
        .contains("dataset.scenarios = drama (-Ddataset.scenarios): is listed twice")
        .contains("training.scenarioWeights = horror");
    assertThat(problem("dataset.split.by=user-time"))
        .contains("dataset.split.by = user-time")
        .contains("the data has no time");
    assertThat(problem("dataset.negatives={perPositive: 1, pool: {days: 3}}"))
        .contains("dataset.negatives.pool.days = 3")
        .contains("the data has no time. Use pool: part or pool: earlier");
    assertThat(problem("training.halfLifeDays=7"))
        .contains("training.halfLifeDays = 7.0 (-Dtraining.halfLifeDays): the data has no time.");
    assertThat(problem("dataset.path=nowhere")).contains("there is no " + folder + "/nowhere");
  }

  @Test
  void knowledgeOfThePastNeedsTheTimeOfRows() {
    String encoder = "knowledge.encoder=hash";
    assertThat(problem(encoder, "knowledge.items={}", "knowledge.history={}"))
        .contains(
            "1. knowledge.history (-Dknowledge.history): is what the user met before, but the data"
                + " has no time. Name its column (of the reader table in dataset.time), or remove"
                + " the history")
        .doesNotContain("2. ");
    assertThat(problem(encoder, "knowledge.periods=4"))
        .contains(
            "1. knowledge.periods = 4 (-Dknowledge.periods): orders rows by their time, but the"
                + " data has none. Name its column (of the reader table in dataset.time), or remove"
                + " the periods");
    assertThatCode(() -> open(encoder, "knowledge.periods=1").check()).doesNotThrowAnyException();
  }

  @Test
  void pathsAreNotExpanded() {
    String expansion = "Neither ~ nor variables such as ${HOME} are expanded: write the path out";
    assertThat(problem("dataset.path=~/data")).contains("/~/data. " + expansion);
    assertThat(problem("dataset.path=${HOME}/data")).contains("/${HOME}/data. " + expansion);
    assertThat(problem("dataset.path=nowhere")).doesNotContain("expanded");
  }

  @Test
  void aScenarioOfThoseThatAreKeptIsTrained() {
    String both = "training.scenarioWeights={comedy: 0, drama: 0}";
    assertThat(problem(both))
        .contains("leaves no rows to train on. Give at least one scenario a weight");
    String drama = "training.scenarioWeights={drama: 0}";
    assertThat(problem("dataset.scenarios=[drama]", drama)).contains("leaves no rows to train on");
    assertThatCode(() -> open(drama).check()).doesNotThrowAnyException();
  }

  @Test
  void datesOfTheSplitMustMakeSense() {
    assertThat(problem("dataset.split.validationFrom=May"))
        .contains("dataset.split.validationFrom = May")
        .contains("validationFrom and testFrom must be given together or not at all");
    assertThat(
            problem("dataset.split={by: given, validationFrom: 2023-05-02, testFrom: 2023-05-01}"))
        .contains("dataset.split.testFrom = 2023-05-01")
        .contains("must not be before validationFrom");
    assertThat(problem("dataset.split={ratio: [8, 1, 1], testFrom: 2023-05-01}"))
        .contains(
            "dataset.split.ratio = [8.0, 1.0, 1.0] (-Ddataset.split): cannot be combined with"
                + " dataset.split.validationFrom and testFrom");
    String none = "{by: given, validationFrom: 2023-05-02, testFrom: '2023-05-02T08:00+08:00'}";
    assertThatCode(() -> open("dataset.split=" + none).check()).doesNotThrowAnyException();
  }

  @Test
  void aStageSaysWhichOneMustComeBefore() {
    assertThat(refusal(() -> open().train("default", Progress.NONE)).code())
        .isEqualTo("data/NOT_PREPARED");
    assertThat(refusal(() -> open().evaluate("best", Split.TEST, null, Progress.NONE)).code())
        .isEqualTo("training/NO_RUN");
    assertThat(refusal(() -> open().extract(false, Progress.NONE)).code())
        .isEqualTo("knowledge/NOT_CONFIGURED");
    assertThat(refusal(() -> open().train("../out", Progress.NONE)).code())
        .isEqualTo("training/RUN_NAME");
  }

  private Experiment open(String... overrides) {
    return experiments.open(folder.resolve("experiment.yaml"), List.of(overrides));
  }

  private String problem(String... overrides) {
    MsrException refusal = refusal(() -> open(overrides).check());
    assertThat(refusal.code()).isEqualTo("config/INVALID");
    return refusal.getMessage();
  }

  private static MsrException refusal(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    MsrException refusal = catchThrowableOfType(MsrException.class, call);
    assertThat(refusal).isNotNull();
    return refusal;
  }
}
