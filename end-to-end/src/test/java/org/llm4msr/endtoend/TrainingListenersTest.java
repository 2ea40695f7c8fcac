package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.training.TrainingListener;

/** A program that trains with listeners of its own. */
class TrainingListenersTest {

  private static final class Seen implements TrainingListener {
    private final List<Step> steps = new ArrayList<>();
    private final List<Validated> validations = new ArrayList<>();
    private final List<Ending> endings = new ArrayList<>();

    @Override
    public void step(Step step) {
      steps.add(step);
    }

    @Override
    public void validated(Validated validated) {
      validations.add(validated);
    }

    @Override
    public void ended(Ending ending) {
      endings.add(ending);
    }
  }

  private static final class Broken implements TrainingListener {
    @Override
    public void saving(long step) {
      throw new UnsupportedOperationException("no room at step " + step);
    }
  }

  @Test
  void hearWhatIsTrainedAndEndItWhereTheyFail(@TempDir Path folder) throws Exception {
    SmallShop shop = SmallShop.write(folder, 1, 1000, 1500, 40, List.of("feed", "search"));
    Experiment experiment =
        Experiment.fromYaml(shop.experiment(), "training.batchSize=16", "training.epochs=1");
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    Seen seen = new Seen();

    TrainingOptions broken = new TrainingOptions(null, null, false, List.of(seen, new Broken()));
    assertThatThrownBy(() -> experiment.train("run", broken, Progress.NONE))
        .isInstanceOf(MsrException.class)
        .hasMessageContainingAll(
            "training/LISTENER_FAILED", Broken.class.getName(), "no room at step ");
    assertThat(seen.endings)
        .extracting(TrainingListener.Ending::outcome)
        .containsExactly(TrainingListener.Outcome.FAILED);
    assertThat(experiment.workspace().run("run").resolve("checkpoints")).doesNotExist();

    Seen whole = new Seen();
    TrainingReport report =
        experiment.train(
            "run", new TrainingOptions(null, null, false, List.of(whole)), Progress.NONE);
    assertThat(whole.steps).hasSize(1);
    assertThat(whole.steps.get(0).watched()).containsOnlyKeys("fusion/alpha");
    assertThat(whole.validations)
        .extracting(TrainingListener.Validated::validation)
        .containsExactly(report.result().best());
    assertThat(whole.endings)
        .containsExactly(
            new TrainingListener.Ending(
                TrainingListener.Outcome.FINISHED, report.result().steps(), null));
  }
}
