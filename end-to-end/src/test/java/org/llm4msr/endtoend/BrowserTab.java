package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A page in a {@link RunningBrowser}, driven by the protocol of its developer tools. */
final class BrowserTab implements AutoCloseable {

  private static final int SECONDS = 60;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final WebSocket socket;
  private final Messages messages = new Messages();
  private int calls;

  private BrowserTab(URI address) {
    socket = HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(address, messages).join();
  }

  /** Opens an empty page in a browser that listens at a port. */
  static BrowserTab open(String port) throws Exception {
    String page =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:%s/json/new".formatted(port)))
                    .PUT(BodyPublishers.noBody())
                    .build(),
                BodyHandlers.ofString())
            .body();
    BrowserTab tab =
        new BrowserTab(URI.create(JSON.readTree(page).get("webSocketDebuggerUrl").asText()));
    for (String part : List.of("Page", "Runtime", "Log")) {
      tab.call(part + ".enable", Map.of());
    }
    return tab;
  }

  /** Collects what the browser sends. */
  private static final class Messages implements WebSocket.Listener {

    private final StringBuilder parts = new StringBuilder();
    private final BlockingQueue<JsonNode> answers = new LinkedBlockingQueue<>();
    private final List<String> console = new CopyOnWriteArrayList<>();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
      parts.append(text);
      if (last) {
        take(parts.toString());
        parts.setLength(0);
      }
      return WebSocket.Listener.super.onText(from, text, last);
    }

    private void take(String text) {
      try {
        JsonNode message = JSON.readTree(text);
        if (message.has("id")) {
          answers.add(message);
        } else if (message
            .get("method")
            .asText()
            .matches("Log.entryAdded|Runtime.(consoleAPICalled|exceptionThrown)")) {
          console.add(message.get("params").toString());
        }
      } catch (JsonProcessingException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Calls a method of the protocol, and returns its result. */
  JsonNode call(String method, Map<String, ?> parameters) throws InterruptedException {
    ObjectNode message = JSON.createObjectNode().put("id", ++calls).put("method", method);
    message.set("params", JSON.valueToTree(parameters));
    socket.sendText(message.toString(), true).join();
    JsonNode answer = messages.answers.poll(SECONDS, TimeUnit.SECONDS);
    assertThat(answer).as(method).isNotNull();
    assertThat(answer.get("id").asInt()).isEqualTo(calls);
    assertThat(answer.has("error")).as(answer.toString()).isFalse();
    return answer.get("result");
  }

  /** Loads a page. */
  void load(URI address) throws Exception {
    call("Page.navigate", Map.of("url", address.toString()));
    until("document.readyState === 'complete' && location.href === '%s'".formatted(address));
  }

  /** Returns what an expression in JavaScript is, its promise kept. */
  JsonNode evaluate(String expression) throws InterruptedException {
    JsonNode result =
        call(
            "Runtime.evaluate",
            Map.of("expression", expression, "awaitPromise", true, "returnByValue", true));
    assertThat(result.has("exceptionDetails")).as(result.toString()).isFalse();
    return result.at("/result/value");
  }

  /** Waits until an expression is true. */
  void until(String condition) throws Exception {
    Await.until(
        () ->
            assertThat(evaluate("Boolean(" + condition + ")").asBoolean()).as(condition).isTrue());
  }

  /** Returns the text of an element. */
  String text(String id) throws InterruptedException {
    return evaluate("document.getElementById('%s').innerText".formatted(id)).asText();
  }

  /** Sets the value of a field as if it was typed. */
  void fill(String id, String value) throws Exception {
    evaluate(
        "document.getElementById('%s').value = %s".formatted(id, JSON.writeValueAsString(value)));
  }

  /** Presses a key that writes nothing, such as Tab or Enter. */
  void press(String key, int code) throws InterruptedException {
    for (String type : List.of("rawKeyDown", "char", "keyUp")) {
      if (!type.equals("char") || key.equals("Enter")) {
        call(
            "Input.dispatchKeyEvent",
            type.equals("char")
                ? Map.of("type", type, "text", "\r")
                : Map.of("type", type, "key", key, "code", key, "windowsVirtualKeyCode", code));
      }
    }
  }

  /** Sets how wide the window is, and whether dark colours are wished. */
  void look(int width, int height, boolean dark) throws InterruptedException {
    call(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
    call(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
  }

  /** Writes a picture of the window. */
  void picture(Path file) throws IOException, InterruptedException {
    Files.write(
        file,
        Base64.getDecoder()
            .decode(call("Page.captureScreenshot", Map.of("format", "png")).get("data").asText()));
  }

  /** Returns what the pages complained of. */
  List<String> console() {
    return messages.console;
  }

  @Override
  public void close() throws Exception {
    call("Page.close", Map.of());
    socket.abort();
  }
}
