package org.llm4msr.runtime.config.loading;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeantSettingTest {

  private static final Origin FILE = new Origin(0, "experiment.yaml", 7, 3);

  private static final EffectiveConfig CONFIG =
      new EffectiveConfig(
          Map.of(
              "workspace",
              "work",
              "knowledge",
              Map.of(
                  "encoder",
                  Map.of(
                      "name",
                      "words",
                      "model",
                      "../models/bge",
                      "file",
                      "bge",
                      "size",
                      8,
                      "list",
                      List.of("a", "b"),
                      "unwritten",
                      "tiny"))),
          Map.of(
              "workspace", FILE,
              "knowledge.encoder.name", FILE,
              "knowledge.encoder.model", FILE,
              "knowledge.encoder.file", FILE,
              "knowledge.encoder.size", FILE,
              "knowledge.encoder.list", FILE,
              "knowledge.encoder.unwritten", Origin.DEFAULT));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      textBlock =
          """
          knowledge.encoder.size is 8, and /etc/models/bge has 4. Set knowledge.encoder.model | size  | 8
          cannot load the model: no file /etc/models/bge/model.onnx in bge                    | model | ../models/bge
          there is no bge in a package                                                        | file  | bge
          the dimension is not that of the words. Set size to 16.                             | size  | 8
          `list` names a twice                                                                | list  | [a, b]
          a vector needs size: 16                                                             | size  | 8
          the file of the model has no size                                                   | name  | words
          the words of the workspace work are not unwritten                                   | name  | words
          Set unwritten to another folder than tiny                                           | name  | words
          models/bge-small is missing                                                         | name  | words
          """)
  void findsTheSettingThatATextSpeaksOf(String text, String key, String value) {
    MeantSetting nothing = new MeantSetting("knowledge.encoder.name", "words");

    assertThat(
            MeantSetting.in(CONFIG, Path.of("/etc/mine"), "knowledge.encoder", text)
                .orElse(nothing))
        .isEqualTo(new MeantSetting("knowledge.encoder." + key, value));
  }
}
