package org.llm4msr.spark.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.spark.home.RuntimePlace;
import org.llm4msr.spark.job.Options;

class MeetingTest {

  private static final RuntimePlace HERE = new RuntimePlace("/opt/llm4msr", null, null);

  @Test
  void workersAreOrderedByRank() {
    Meeting meeting =
        Meeting.of(
            new String[] {
              Meeting.message(1, "b:20", "b 7", 9, ""), Meeting.message(0, "a:10", "a 7", -4, "")
            });

    assertThat(meeting.addresses()).containsExactly("a:10", "b:20");
    assertThat(meeting.secret()).isEqualTo(-4);
    assertThat(meeting.problem()).isNull();
  }

  @Test
  void workersOfOneProcessAndThoseThatCannotBeginAreNamed() {
    String first = Meeting.message(0, "a:10", "a 7", 1, "");

    assertThat(Meeting.of(new String[] {first, Meeting.message(1, "a:20", "a 7", 2, "")}).problem())
        .startsWith("[spark/WORKERS_SHARE_PROCESS] ")
        .contains("process a 7");
    assertThat(
            Meeting.of(
                    new String[] {
                      first, Meeting.message(1, "b:1", "b 1", 2, "[spark/NO_HOME] /x\thas none")
                    })
                .problem())
        .isEqualTo("[spark/NO_HOME] /x\thas none");
  }

  @Test
  void aRequestHasTwoWorkersUnlessOtherwiseStated() {
    Options options =
        Options.parse(
            List.of("--experiment", "a.yaml", "--set", "training.epochs=2", "--patience", "9"));

    TrainRequest request = TrainRequest.of(HERE, 4, "job 1", options);

    assertThat(request.workers()).isEqualTo(2);
    assertThat(request.threads()).isEqualTo(4);
    assertThat(request.run()).isEqualTo("default");
    assertThat(request.overrides()).containsExactly("training.epochs=2");
    assertThat(request.patienceSeconds()).isEqualTo(9);
    assertThat(request.partitions()).isFalse();
    assertThat(request.from()).isNull();
    assertThat(request.force()).isFalse();
    assertThat(request.job()).isEqualTo("job 1");
    assertThatThrownBy(
            () ->
                TrainRequest.of(
                    HERE, 1, "", Options.parse(List.of("--experiment", "a", "--workers", "0"))))
        .hasMessageStartingWith("[spark/USAGE] --workers must be a whole number above 0");
  }

  @Test
  void aRequestHasWhatTheCommandPasses() {
    List<String> given = new ArrayList<>(List.of("--experiment", "a.yaml", "--patience", "60"));
    given.addAll(List.of("--partition", "true", "--from", "/b", "--force", "true"));

    TrainRequest request = TrainRequest.of(HERE, 1, "", Options.parse(given));

    assertThat(request.patienceSeconds()).isEqualTo(60);
    assertThat(request.partitions()).isTrue();
    assertThat(request.from()).isEqualTo("/b");
    assertThat(request.force()).isTrue();
  }

  @Test
  void warningsOfSeveralWorkersAreToldOnce() {
    assertThat(
            TrainJob.warnings(
                List.of(
                    Map.of("rank", "0", "warnings", "slow\nold"),
                    Map.of("rank", "1", "warnings", ""),
                    Map.of("rank", "2", "warnings", "old\nlate"),
                    Map.of("rank", "3", "error", "[a/B] c"))))
        .containsExactly("worker 0: slow", "worker 0: old", "worker 2: late");
  }
}
