package org.llm4msr.plugins.llm.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.plugins.llm.JsonFixture;

class ChatTemplateTest {

  @TempDir Path folder;

  /** A published template, and what Jinja makes of it. */
  private record Chat(String name, String template, String prompt, String rendered) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Chat> chats() throws IOException {
    return List.of(JsonFixture.read(GoldenStates.fixture("chat.json"), Chat[].class));
  }

  private ChatTemplate template(String type, Map<String, Object> settings) throws IOException {
    Path file = folder.resolve("tokenizer_config.json");
    Files.writeString(file, JsonFixture.JSON.writeValueAsString(settings));
    Path config = folder.resolve("config.json");
    Files.writeString(
        config, "{\"model_type\": \"" + type + "\", \"multi_query_attention\": true}");
    return ChatTemplate.of(
        new ModelFolder("model", "folder", folder, folder.resolve("tokenizer.json")),
        Architecture.of(ModelJson.read(config)));
  }

  @ParameterizedTest
  @MethodSource("chats")
  void rendersAsJinjaDoes(Chat chat) throws IOException {
    Object start = Map.of("content", "<s>", "lstrip", false);
    ChatTemplate template =
        template(
            "llama",
            Map.of(
                "chat_template",
                chat.template(),
                "bos_token",
                start,
                "eos_token",
                "</s>",
                "pad_token",
                "<pad>"));
    assertThat(template.render(chat.prompt())).isEqualTo(chat.rendered());
    assertThat(template.startTokens()).isFalse();
  }

  @Test
  void aFileOfItsOwnComesFirst() throws IOException {
    Files.writeString(folder.resolve("chat_template.jinja"), "{{ messages[0].content }}?");
    ChatTemplate template = template("llama", Map.of("chat_template", "other"));
    assertThat(template.render("a")).isEqualTo("a?");
    assertThat(template.startTokens()).isFalse();
  }

  @Test
  void chatGlm2HasOneOfItsOwn() throws IOException {
    ChatTemplate template = template("chatglm", Map.of());
    assertThat(template.render("你好")).isEqualTo("[Round 1]\n\n问：你好\n\n答：");
    assertThat(template.startTokens()).isTrue();
  }

  @Test
  void refusesModelsWithoutOne() {
    assertThatThrownBy(() -> template("llama", Map.of()))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[knowledge/NO_CHAT_TEMPLATE] template is chat, and there is no")
        .hasMessageContaining("no file chat_template.jinja");
  }

  @Test
  void takesTheDefaultOfSeveral() throws IOException {
    List<Map<String, String>> several =
        List.of(
            Map.of("name", "tool_use", "template", "tools"),
            Map.of("name", "default", "template", "{{ messages[0].content }}!"));
    assertThat(template("llama", Map.of("chat_template", several)).render("a")).isEqualTo("a!");
    assertThatThrownBy(() -> template("llama", Map.of("chat_template", several.subList(0, 1))))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("has none named default, but [tool_use]. Write the one to use into");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{{ raise_exception('system only') }} | raise_exception",
        "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %} | 'for ... if' is"
            + " not known here",
        "{% for m in [] %}{% else %}{{ messages[0].content }}{% endfor %} | 'for ... else' is not"
            + " known here",
        "{{ 'a' if messages is many }} | exptest many is not known here",
        "{{ '{}'.format(messages[0].content) }} | method format of texts",
        "{{ '-'.join(messages[0].content) }} | method join of texts",
        "{{ '%s' % messages[0].content }} | formatting by '%' is not known here",
        "{% if messages[0].role != 'user' %}{{ messages[0].content }}{% endif %} | the prompt is"
            + " missing",
      })
  void saysWhatCannotBeFilled(String template, String why) {
    assertThatThrownBy(() -> template("llama", Map.of("chat_template", template)))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[knowledge/CHAT_TEMPLATE_FAILED] the chat template of " + folder)
        .hasMessageContaining(why);
  }

  @Test
  void saysWhichFilterIsUnknown() {
    assertThatThrownBy(() -> template("llama", Map.of("chat_template", "{{ messages|items }}")))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("filter items is not known here");
  }

  @Test
  void saysWhichOptionOfJsonIsUnknown() {
    String template = "{{ messages|tojson(separators=(',', ':')) }}";
    assertThatThrownBy(() -> template("llama", Map.of("chat_template", template)))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("of tojson only [ensure_ascii, indent, sort_keys] are known here");
  }
}
