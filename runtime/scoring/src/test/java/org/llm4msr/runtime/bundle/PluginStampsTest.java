package org.llm4msr.runtime.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.runtime.config.ModelPart;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginStamp;
import org.slf4j.LoggerFactory;

class PluginStampsTest {

  private static final Logger LOGGER = (Logger) LoggerFactory.getLogger(PluginStamps.class);

  private static final List<ModelPart> PARTS =
      List.of(
          new ModelPart(
              "model.backbone.name",
              PluginKind.BACKBONE,
              PluginChoice.of("mine", new MineFactory(), new None())));

  private static final PluginStamp HERE = PluginStamps.of(PARTS).get(0);

  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  record None() {}

  /** A plugin of which only the code counts. */
  static final class MineFactory implements BackboneFactory<None> {
    @Override
    public Class<None> configType() {
      return None.class;
    }

    @Override
    public boolean hasHidden(None config) {
      return false;
    }

    @Override
    public Backbone create(None config, ModelContext context) {
      throw new UnsupportedOperationException();
    }
  }

  @BeforeEach
  void listen() {
    log.start();
    LOGGER.addAppender(log);
  }

  @AfterEach
  void listenNoMore() {
    LOGGER.detachAppender(log);
  }

  private static PluginStamp stamp(String name, String version, String digest) {
    return new PluginStamp(HERE.kind(), name, version, digest);
  }

  private List<String> warningsOf(PluginStamp... trained) {
    PluginStamps.warnOfOthers("the bundle b", List.of(trained), PARTS);
    return log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  void codeThatIsTheSameIsNotWarnedOf() {
    assertThat(HERE.digest()).as("the classes of the test can be read").isNotEmpty();

    assertThat(warningsOf(HERE, stamp("mine", "0.0.1", HERE.digest()))).isEmpty();
  }

  @Test
  void otherCodeIsNamedWithBothVersions() {
    assertThat(warningsOf(stamp("mine", "0.0.1", "0123456789abcdef")))
        .singleElement()
        .asString()
        .startsWith(
            "the bundle b was trained with other code: the backbone mine was version 0.0.1 with the"
                + " digest 0123456789ab, and is now "
                + HERE.version());
  }

  @Test
  void whereNoCodeIsRecordedTheVersionIsCompared() {
    assertThat(warningsOf(stamp("mine", HERE.version(), ""))).isEmpty();
    assertThat(warningsOf(stamp("other", "0.0.1", ""), stamp("mine", "0.0.2", "")))
        .containsExactly(
            "the bundle b was trained with version 0.0.2 of the plugin mine, and this is %s: ask its author whether scores stay the same."
                .formatted(HERE.version()));
  }
}
