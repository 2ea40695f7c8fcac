package org.llm4msr.spark.home;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class JobExceptionTest {

  @Test
  void errorsOfTheRuntimeKeepTheirCodeAndSayWhere() {
    RuntimeException passed =
        JobException.of(
            new IllegalStateException("[data/BAD_VALUE] Column 'x'\nis wrong."),
            "rows, partition 3");

    assertThat(passed).hasMessage("[data/BAD_VALUE] rows, partition 3: Column 'x'\nis wrong.");
    assertThat(((JobException) passed).isOfUser()).isFalse();
    RuntimeException ofUser = JobException.of(new IllegalArgumentException("[a/B] c"), "");
    assertThat(((JobException) ofUser).isOfUser()).isTrue();
    assertThat(ofUser).hasMessage("[a/B] c");
  }

  @Test
  void othersStayAsTheyAre() {
    RuntimeException fault = new IllegalStateException("a fault");

    assertThat(JobException.of(fault, "here")).isSameAs(fault);
  }

  @Test
  void isFoundWithinWhatSparkMadeOfIt() {
    JobException error = JobException.ofUser("score/EXISTS", "It is there.");

    assertThat(JobException.in(new IllegalStateException(new IOException(error)))).isSameAs(error);
    assertThat(JobException.in(new IllegalStateException("another"))).isNull();
  }
}
