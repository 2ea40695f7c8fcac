package org.llm4msr.runtime.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.plugins.PluginRegistry;

class FinishedBundleTest {

  private final ConfigLoader loader = ConfigLoader.standard(PluginRegistry.load());
  private final List<String> written = new ArrayList<>();

  @Test
  void isWrittenByTheFinisher() {
    BundleFinisher finisher =
        (target, known, plain) -> {
          assertThat(known).isSameAs(loader);
          plain.accept(Path.of("between"));
          written.add("finished " + target);
        };

    FinishedBundle.write(Path.of("bundle"), loader, this::plain, Optional.of(finisher));

    assertThat(written).containsExactly("plain between", "finished bundle");
  }

  /** The class path of this module's tests has no compiler. */
  @Test
  void isPlainWhereNothingFinishesIt() {
    FinishedBundle.write(Path.of("bundle"), loader, this::plain);

    assertThat(written).containsExactly("plain bundle");
  }

  private void plain(Path target) {
    written.add("plain " + target);
  }
}
