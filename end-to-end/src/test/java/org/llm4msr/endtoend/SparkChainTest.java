package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From raw files to scores on executors of Spark, as the example does, beside one machine. */
@Tag("cluster")
class SparkChainTest {

  @TempDir Path folder;

  @Test
  void theExampleComesToTheResultsOfOneMachine() throws Exception {
    SparkChain chain = SparkChain.in(folder);

    String out = SparkChain.succeed(chain.start());

    assertThat(out).contains("== llm4msr spark prepare", "== llm4msr spark score");
    chain.assertIsThatOfOneMachine();
  }
}
