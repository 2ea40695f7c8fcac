package org.llm4msr.tck.zoo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.llm4msr.api.knowledge.ItemText;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** Writes sound prompts in a format that escapes characters. */
final class FormattedPrompts extends SoundPrompts {

  private static final ObjectMapper JSON_MAPPER = new ObjectMapper();

  /** What prompts are written in, and how a reader undoes it. */
  enum Format {
    /** An array of texts. */
    JSON {
      @Override
      Prompt of(Prompt plain) {
        List<String> items = plain.history().stream().map(item -> ", " + json(item)).toList();
        String head = "[" + json(plain.head());
        return new Prompt(plain.key(), head, items, "", ", " + json(plain.tail()) + "]");
      }

      @Override
      String shown(String prompt) {
        try {
          JsonNode texts = JSON_MAPPER.readTree(prompt);
          return StreamSupport.stream(texts.spliterator(), false)
              .map(JsonNode::asText)
              .collect(Collectors.joining("; "));
        } catch (JsonProcessingException e) {
          throw new IllegalArgumentException(prompt, e);
        }
      }
    },
    /** Elements of text. */
    XML {
      @Override
      Prompt of(Prompt plain) {
        List<String> items =
            plain.history().stream().map(item -> "<item>" + xml(item) + "</item>").toList();
        String head = "<prompt>" + xml(plain.head());
        return new Prompt(plain.key(), head, items, "", xml(plain.tail()) + "</prompt>");
      }

      @Override
      String shown(String prompt) {
        try {
          return DocumentBuilderFactory.newDefaultInstance()
              .newDocumentBuilder()
              .parse(new InputSource(new StringReader(prompt)))
              .getDocumentElement()
              .getTextContent();
        } catch (IOException | SAXException | ParserConfigurationException e) {
          throw new IllegalArgumentException(prompt, e);
        }
      }
    },
    /** A list of HTML, with quotes escaped as well. */
    HTML {
      @Override
      Prompt of(Prompt plain) {
        List<String> items = plain.history().stream().map(item -> "<li>" + html(item)).toList();
        return new Prompt(plain.key(), html(plain.head()), items, "", "<p>" + html(plain.tail()));
      }

      @Override
      String shown(String prompt) {
        return prompt
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
      }
    },
    /** XML whose texts are escaped twice. */
    XML_TWICE {
      @Override
      Prompt of(Prompt plain) {
        List<String> items = plain.history().stream().map(Format::xml).toList();
        return XML.of(
            new Prompt(plain.key(), xml(plain.head()), items, plain.separator(), plain.tail()));
      }

      @Override
      String shown(String prompt) {
        return XML.shown(prompt);
      }
    };

    abstract Prompt of(Prompt plain);

    /** Returns the texts of a prompt. */
    abstract String shown(String prompt);

    private static String json(String text) {
      try {
        return JSON_MAPPER.writeValueAsString(text);
      } catch (JsonProcessingException e) {
        throw new IllegalArgumentException(text, e);
      }
    }

    private static String xml(String text) {
      return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    private static String html(String text) {
      return xml(text).replace("\"", "&quot;").replace("'", "&#39;");
    }
  }

  private final Format format;

  FormattedPrompts(Format format) {
    this.format = format;
  }

  @Override
  Prompt scenarioPrompt(ScenarioStatistics scenario) {
    return format.of(super.scenarioPrompt(scenario));
  }

  @Override
  public Prompt userPrompt(UserHistory history) {
    return format.of(super.userPrompt(history));
  }

  @Override
  public Prompt itemPrompt(ItemText item) {
    return format.of(super.itemPrompt(item));
  }
}
