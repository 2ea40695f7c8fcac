package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.llm4msr.endtoend.ServedShop.JSON;
import static org.llm4msr.endtoend.ServedShop.assertRefused;
import static org.llm4msr.endtoend.ServedShop.at;
import static org.llm4msr.endtoend.ServedShop.get;
import static org.llm4msr.endtoend.ServedShop.post;
import static org.llm4msr.endtoend.ServedShop.request;
import static org.llm4msr.endtoend.ServedShop.start;
import static org.llm4msr.endtoend.ServedShop.startForAll;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.server.RankingServer;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;

/** The page for people, in a browser. */
class StatusPageTest {

  private static final String TAG = "<img src=x onerror=document.title='run'>";
  private static final String CONTEXT = "{\"hour\": 3, \"price\": 12.5, \"tags\": \"a\"}";

  @TempDir static Path folder;
  private static RankingServer server;
  private static @Nullable RunningBrowser browser;

  @BeforeAll
  static void begin() {
    server = startForAll();
  }

  @AfterAll
  static void end() throws Exception {
    server.close();
    if (browser != null) {
      browser.close();
    }
  }

  private static BrowserTab tab() throws Exception {
    if (browser == null) {
      browser = Browser.find(folder).start();
    }
    return browser.tab();
  }

  @Test
  @Tag("services")
  void itShowsWhatTheServerDoes() throws Exception {
    try (RankingServer watched =
            start("models.next.bundle=" + ServedShop.compiled(), "models.next.shadow=0.25");
        BrowserTab tab = tab()) {
      double sum = 0;
      for (int user = 0; user < 20; user++) {
        JsonNode items = JSON.readTree(post(watched, request(user, 5, "")).body()).get("items");
        for (JsonNode item : items) {
          sum += item.get("probability").asDouble();
        }
      }
      assertRefused(post(watched, "{}"), 400, "serve/BAD_REQUEST");
      tab.load(at(watched, "/"));
      tab.until(
          "document.getElementById('state').innerText.startsWith('Takes requests. Seen at ')");

      List<String> models = cells(tab, "models");
      assertThat(models.subList(0, 4))
          .containsExactly("main", "compiled", "100.00 %", "feed, search");
      assertThat(models.get(8)).isEqualTo(Bundle.peek(ServedShop.compiled()).digest());
      assertThat(models.subList(9, 12)).containsExactly("next", "compiled", "0.00 %");
      assertThat(models.get(16)).isEqualTo("Ranks 25.00 % of the requests to others, unseen.");
      assertThat(cells(tab, "latency").subList(0, 3)).containsExactly("main", "feed", "20");
      assertThat(cells(tab, "latency").subList(4, 6))
          .containsExactly(millis(watched, 0.5), millis(watched, 0.99));
      assertThat(cells(tab, "latency").subList(7, 10)).containsExactly("100", "0", "0");
      assertThat(cells(tab, "refusals").subList(0, 2)).containsExactly("serve/BAD_REQUEST", "1");
      assertThat(cells(tab, "probabilities").subList(0, 5))
          .containsExactly("main", "feed", "100", fixed(4, sum / 100), fixed(4, expected(watched)));
      assertThat(tab.text("unknown")).contains("hour", "0.00 %");
      assertThat(tab.console()).isEmpty();

      watched.close();
      tab.until("document.getElementById('trouble').innerText.includes('What is shown is old.')");
      assertThat(cells(tab, "refusals")).contains("serve/BAD_REQUEST");
    }
  }

  @Test
  @Tag("services")
  void itReadsLabelsAsPrometheusWritesThem() throws Exception {
    try (BrowserTab tab = tab()) {
      tab.load(at(server, "/"));
      JsonNode read =
          tab.evaluate(
              "parse('# HELP m x\\nm{a=\"q\\\\\"}\\\\\\\\n, b=\",b=\"\\\\n\"} 1.5E3\\nn 2\\n')");
      assertThat(read)
          .hasToString(
              """
              [{"name":"m","labels":{"a":"q\\"}\\\\n, b=","b":"\\n"},"value":1500},{"name":"n","labels":{},"value":2}]\
              """);
    }
  }

  private static List<String> cells(BrowserTab tab, String id) throws Exception {
    List<String> cells = new ArrayList<>();
    tab.evaluate("[...document.querySelectorAll('#%s td')].map(td => td.textContent)".formatted(id))
        .forEach(cell -> cells.add(cell.asText()));
    return cells;
  }

  private static String fixed(int digits, double value) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  /** Of 20 requests, in the buckets that the server counts: linear within that of the rank. */
  private static String millis(RankingServer from, double share) throws Exception {
    double lower = 0;
    double below = 0;
    for (String line : get(from, "/metrics").lines().toList()) {
      if (line.startsWith("llm4msr_rank_seconds_bucket")) {
        double upper = Double.parseDouble(line.replaceAll(".*le=\"([^\"]*)\".*", "$1"));
        double count = Double.parseDouble(line.replaceAll(".* ", ""));
        if (count >= share * 20) {
          return fixed(
              1, 1000 * (lower + (upper - lower) * (share * 20 - below) / (count - below)));
        }
        lower = upper;
        below = count;
      }
    }
    throw new AssertionError("a request took longer than the last bucket");
  }

  private static double expected(RankingServer from) throws Exception {
    String line = "llm4msr_expected_probability{model=\"main\",scenario=\"feed\"} ";
    return get(from, "/metrics")
        .lines()
        .filter(each -> each.startsWith(line))
        .mapToDouble(each -> Double.parseDouble(each.substring(line.length())))
        .sum();
  }

  @Test
  @Tag("services")
  void itRanksWhatIsTypedIn() throws Exception {
    RankResult expected;
    try (Ranker ranker = Ranker.open(ServedShop.compiled())) {
      expected =
          ranker.rank(
              new RankRequest(
                      17,
                      "feed",
                      List.of(new RankItem("i1"), new RankItem(TAG), new RankItem("i2")))
                  .with(Map.of("hour", 3, "price", 12.5, "tags", "a")));
    }
    try (BrowserTab tab = tab()) {
      tab.load(at(server, "/"));
      tab.until("document.getElementById('scenario').options.length === 2");
      tab.fill("user", "17");
      tab.fill("items", "i1\n\n " + TAG + " \ni2");
      tab.fill("context", CONTEXT);
      tab.evaluate("document.getElementById('user').focus()");
      tab.press("Enter", 13);
      tab.until("document.querySelector('#ranked table')");

      List<String> shown = cells(tab, "ranked");
      String[] ids = {"i1", TAG, "i2"};
      for (int row = 0; row < 3; row++) {
        int place = expected.best(3)[row];
        assertThat(shown.subList(4 * row, 4 * row + 4))
            .containsExactly(
                ids[place],
                fixed(6, expected.probability(place)),
                place == 1 ? "unknown" : "scored",
                String.valueOf(place + 1));
      }
      assertThat(tab.text("outcome")).startsWith("3 items by the model main, version compiled");
      assertThat(tab.evaluate("document.images.length").asInt()).isZero();
      assertThat(tab.evaluate("document.title").asText()).isEqualTo("llm4msr server");

      tab.fill("context", "{\"hour\": }");
      tab.evaluate("document.getElementById('send').click()");
      tab.until(
          "document.getElementById('refused').innerText.startsWith('The context is no JSON')");
      assertThat(tab.evaluate("document.activeElement.id").asText()).isEqualTo("context");
      tab.fill("context", "{\"<b>\": {\"deep\": 1}}");
      tab.evaluate("document.getElementById('send').click()");
      tab.until("document.getElementById('refused').innerText.startsWith('Refused with 400')");
      assertThat(tab.text("refused")).contains("[serve/BAD_REQUEST]", "<b>");
      assertThat(tab.evaluate("document.querySelectorAll('b').length").asInt()).isZero();
      assertThat(tab.evaluate("document.getElementById('ranked').hidden").asBoolean()).isTrue();
      assertThat(tab.console()).hasSize(1).first().asString().contains("400 (Bad Request)");
    }
  }

  @Test
  @Tag("services")
  void itShowsWhatScoresAreMadeOf() throws Exception {
    String explained = request(17, 2, ", \"explain\": true");
    JsonNode answer = JSON.readTree(post(server, explained).body());
    JsonNode best = answer.at("/items/0");
    try (BrowserTab tab = tab()) {
      tab.load(at(server, "/"));
      tab.until("!document.getElementById('explain-label').hidden");
      tab.fill("user", "17");
      tab.fill("items", "i0\ni1");
      tab.fill("context", CONTEXT);
      tab.evaluate("document.getElementById('rank').requestSubmit()");
      tab.until("document.querySelector('#explained table')");

      assertThat(tab.text("explained"))
          .contains("What all items share", answer.at("/explanation/head").asText())
          .contains("Item " + best.get("id").asText());
      List<String> shown = cells(tab, "explained");
      for (JsonNode value : answer.at("/explanation/values")) {
        assertThat(shown)
            .containsSequence(value.get("column").asText(), shownValue(value.path("value")));
      }
      for (JsonNode term : best.at("/explanation/terms")) {
        assertThat(shown).contains(term.get("name").asText(), shownValue(term.get("logit")));
      }
      tab.evaluate("document.getElementById('explain').click()");
      tab.evaluate("document.getElementById('rank').requestSubmit()");
      tab.until("!document.querySelector('#explained table')");
    }
  }

  /** Six digits of a fraction, as JavaScript writes them. */
  private static String shownValue(JsonNode value) {
    if (value.isMissingNode() || value.isNull()) {
      return "\u2013";
    }
    if (value.isArray()) {
      List<String> texts = new ArrayList<>();
      value.forEach(each -> texts.add(shownValue(each)));
      return String.join(", ", texts);
    }
    return value.isFloatingPointNumber()
        ? new BigDecimal(value.asDouble())
            .round(new MathContext(6))
            .stripTrailingZeros()
            .toPlainString()
        : value.asText();
  }

  @Test
  @Tag("services")
  void itAsksForATokenAndKeepsItInTheTab() throws Exception {
    try (RankingServer closed = start("tokens.operate=[secret]");
        BrowserTab tab = tab()) {
      tab.load(at(closed, "/"));
      tab.until("!document.getElementById('login').hidden");
      assertThat(tab.text("trouble")).isEqualTo("The server asks for a token.");

      for (String token : List.of("wrong", "secret")) {
        tab.fill("token", token);
        tab.evaluate("document.getElementById('login').requestSubmit()");
        tab.until(
            token.equals("wrong")
                ? "document.getElementById('trouble').innerText.includes('does not know')"
                : "document.getElementById('login').hidden");
      }
      tab.load(at(closed, "/"));
      tab.until("document.querySelector('#models table')");
      assertThat(tab.evaluate("localStorage.length + document.cookie.length").asInt()).isZero();
      tab.fill("user", "17");
      tab.fill("items", "i1");
      tab.fill("context", CONTEXT);
      tab.evaluate("document.getElementById('rank').requestSubmit()");
      tab.until("document.querySelector('#ranked table')");
    }
  }

  @Test
  @Tag("services")
  void itIsReadableOnAnyScreenAndWithAKeyboardAlone() throws Exception {
    try (BrowserTab tab = tab()) {
      tab.load(at(server, "/"));
      tab.until("document.querySelector('#models table')");
      assertThat(
              tab.evaluate(
                      "[...document.querySelectorAll('input, select, textarea')]"
                          + ".filter(field => field.labels.length === 0).length")
                  .asInt())
          .as("fields without a label")
          .isZero();
      List<String> reached = new ArrayList<>();
      while (!reached.contains("send")) {
        tab.press("Tab", 9);
        reached.add(tab.evaluate("document.activeElement.id").asText());
        assertThat(reached).hasSizeLessThan(30);
      }
      assertThat(reached)
          .containsSubsequence("updating", "user", "scenario", "model", "top", "items", "context");
      for (boolean dark : new boolean[] {false, true}) {
        tab.look(360, 800, dark);
        assertThat(tab.evaluate("document.documentElement.scrollWidth").asInt())
            .isLessThanOrEqualTo(360);
        for (String one : List.of("h1", "header p", "caption", "td", "button", ".hint", "#user")) {
          assertThat(contrast(tab, one)).as(one + ", dark: " + dark).isGreaterThan(4.5);
        }
        tab.picture(folder.resolve("narrow-" + dark + ".png"));
      }
    }
  }

  /** The contrast of WCAG 2 between the text of an element and what is behind it. */
  private static double contrast(BrowserTab tab, String selector) throws Exception {
    JsonNode colours =
        tab.evaluate(
            """
            (() => {
              const one = document.querySelector('%s');
              let behind = one;
              while (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
              return [getComputedStyle(one).color, getComputedStyle(behind).backgroundColor]
                .map(colour => colour.match(/\\d+/g).map(Number));
            })()
            """
                .formatted(selector));
    double text = luminance(colours.get(0));
    double ground = luminance(colours.get(1));
    return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
  }

  private static double luminance(JsonNode colour) {
    double[] weights = {0.2126, 0.7152, 0.0722};
    double sum = 0;
    for (int i = 0; i < 3; i++) {
      double share = colour.get(i).asDouble() / 255;
      sum +=
          weights[i] * (share <= 0.04045 ? share / 12.92 : Math.pow((share + 0.055) / 1.055, 2.4));
    }
    return sum;
  }
}
