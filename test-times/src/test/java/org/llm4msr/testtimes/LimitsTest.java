package org.llm4msr.testtimes;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LimitsTest {

  @TempDir Path folder;

  private Limits limits(double seconds, String text) throws IOException {
    return Limits.read(seconds, Files.writeString(folder.resolve("slow.tsv"), text));
  }

  @Test
  void aClassMayTakeTheLimitAndNoMore() throws IOException {
    Limits limits = limits(30, "# class, seconds, reason\n");
    assertThatCode(() -> limits.check("a.ATest", 30)).doesNotThrowAnyException();
    assertThatThrownBy(() -> limits.check("a.ATest", 30.5))
        .isInstanceOf(AssertionError.class)
        .hasMessageStartingWith("a.ATest took 30.5 seconds of processor time, more than 30.");
  }

  @Test
  void aClassThatIsNamedHasALimitOfItsOwn() throws IOException {
    Limits limits = limits(30, "a.ATest\t60\tstarts four JVMs\n");
    assertThatCode(() -> limits.check("a.ATest", 60)).doesNotThrowAnyException();
    assertThatThrownBy(() -> limits.check("a.ATest", 61)).isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> limits.check("a.BTest", 31)).isInstanceOf(AssertionError.class);
  }

  @Test
  void noLimitAllowsAll() throws IOException {
    Limits limits = limits(0, "a.ATest\t60\tstarts four JVMs\n");
    assertThatCode(() -> limits.check("a.BTest", 1e6)).doesNotThrowAnyException();
    assertThatCode(() -> limits.check("a.ATest", 1e6)).doesNotThrowAnyException();
  }

  @Test
  void anExceptionNeedsAReason() {
    assertThatThrownBy(() -> limits(30, "a.ATest\t60\t \n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageEndingWith("unlike a.ATest\t60\t ");
  }
}
