package org.llm4msr.plugins.llm.decoder;

import com.hubspot.jinjava.interpret.RenderResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.plugins.llm.jinja.Jinja;

/** The chat template of a model, in Jinja; a prompt is a single user message. */
final class ChatTemplate {

  /** The file of newer models' template, beside the other settings. */
  static final String FILE = "chat_template.jinja";

  private static final String KEY = "chat_template";

  /** Tokens that templates can insert. */
  private static final List<String> SPECIAL =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  /** Prompts that no template contains by itself. */
  private static final List<String> PROBES = List.of("kestrel-1", "sundial-2");

  private final Jinja jinja = new Jinja();
  private final ModelFolder folder;
  private final String template;
  private final ModelJson settings;
  private final boolean startTokens;

  private ChatTemplate(
      ModelFolder folder, String template, ModelJson settings, boolean startTokens) {
    this.folder = folder;
    this.template = Jinja.trimmed(template);
    this.settings = settings;
    this.startTokens = startTokens;
  }

  static ChatTemplate of(ModelFolder folder, Architecture architecture) {
    ModelJson settings = folder.optional("tokenizer_config.json");
    String own = folder.beside(FILE).map(ChatTemplate::read).orElseGet(() -> stated(settings));
    String template = own.isEmpty() ? architecture.prefix().chat() : own;
    if (template.isEmpty()) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/NO_CHAT_TEMPLATE",
          "template is chat, and there is no %s in %s and no file %s beside it. Write template: none, or use a model that was trained to chat."
              .formatted(KEY, settings.file(), FILE));
    }
    ChatTemplate made = new ChatTemplate(folder, template, settings, own.isEmpty());
    PROBES.forEach(made::probe);
    return made;
  }

  /** Returns the template in the settings: the only one, or of several the one named default. */
  private static String stated(ModelJson settings) {
    if (!settings.json().path(KEY).isArray()) {
      return settings.text(KEY, "");
    }
    List<ModelJson> named = settings.objects(KEY);
    return named.stream()
        .filter(template -> template.text("name", "").equals("default"))
        .findFirst()
        .map(template -> template.text("template", ""))
        .orElseThrow(
            () ->
                new MsrException(
                    ErrorType.USER,
                    "knowledge/NO_CHAT_TEMPLATE",
                    "template is chat, and %s of %s has none named default, but %s. Write the one to use into %s beside it, or template: none."
                        .formatted(
                            KEY,
                            settings.file(),
                            named.stream().map(template -> template.text("name", "")).toList(),
                            FILE)));
  }

  private void probe(String prompt) {
    if (!render(prompt).contains(prompt)) {
      throw failed("the prompt is missing from what it makes");
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "knowledge/MODEL_NOT_READABLE",
          "cannot read %s: %s. Fix its permissions, and save it as UTF-8."
              .formatted(file, e.getMessage()),
          e);
    }
  }

  /** Returns whether start tokens come before the text, because the template has none. */
  boolean startTokens() {
    return startTokens;
  }

  /** Puts a prompt into the template, up to where the model would answer. */
  String render(String prompt) {
    Map<String, Object> values = new HashMap<>();
    Map<String, String> message = new LinkedHashMap<>(); // Templates may print it.
    message.put("role", "user");
    message.put("content", prompt);
    values.put("messages", List.of(message));
    values.put("add_generation_prompt", true);
    SPECIAL.forEach(token -> values.put(token, settings.specialToken(token)));
    RenderResult result = jinja.renderForResult(template, values);
    List<String> errors = new ArrayList<>();
    result.getErrors().forEach(error -> errors.add(error.getMessage()));
    if (!errors.isEmpty()) {
      throw failed(errors.toString());
    }
    return result.getOutput();
  }

  private MsrException failed(String why) {
    return new MsrException(
        ErrorType.USER,
        "knowledge/CHAT_TEMPLATE_FAILED",
        "the chat template of %s cannot be filled: %s. Write template: none."
            .formatted(folder.folder(), why));
  }
}
