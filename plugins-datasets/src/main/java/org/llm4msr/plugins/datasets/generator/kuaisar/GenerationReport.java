package org.llm4msr.plugins.datasets.generator.kuaisar;

import java.util.LinkedHashMap;
import java.util.Map;
import org.llm4msr.plugins.datasets.generator.log.BayesAuc;

/** The content of {@code GENERATED.json}. */
record GenerationReport(
    KuaiSarGeneratorConfig config, int topics, int users, int items, InteractionLog log) {

  private static final String MODEL =
      "P(click) = mean over places of sigmoid(base(scenario) + interestStrength *"
          + " affinity(user, topic, scenario) + tendency(user) + quality(item) + taste(scenario,"
          + " topic) + hour(topic) + match(query, topic) + textStrength * liking(user, style) +"
          + " attention(place)). A user has three"
          + " favourite topics that hold in every scenario; in each scenario one is muted and one"
          + " other topic is liked there only. A topic shows in an item's category names and in"
          + " the words of its caption. A user likes two of eight styles by 1/2 and dislikes two"
          + " by 1/2; three words of an item's caption alone show its style.";

  /** Returns the values to write. */
  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("generated", true);
    map.put("format", config.small() ? "KuaiSAR_final" : "KuaiSAR_v2");
    map.put("model", MODEL);
    map.put("seed", config.seed());
    map.put("interactions", config.interactions());
    map.put("users", users);
    map.put("items", items);
    map.put("usersInLog", log.all().users());
    map.put("itemsInLog", log.all().items());
    map.put("topics", topics);
    map.put("scenarioSkew", config.scenarioSkew());
    map.put("interestStrength", config.interestStrength());
    map.put("textStrength", config.textStrength());
    map.put("lateItems", config.lateItems());
    map.put("lateUsers", config.lateUsers());
    map.put("days", config.days());
    map.put(
        "truth",
        "truth.csv: one row an interaction in order of time; probability is the true probability of"
            + " a click given all but the place on the screen, to "
            + BayesAuc.DECIMALS
            + " decimals");
    map.put("bayes", log.all().bayes());
    map.put("bayesLastSixth", log.lastSixth().bayes());
    map.put("bayesLastSixthOfNewItems", log.lastSixthOfNewItems().bayes());
    map.put("bayesLastSixthOfNewUsers", log.lastSixthOfNewUsers().bayes());
    map.put("textOracleLastSixth", log.lastSixthByText().bayes());
    map.put("dataset", "{ name: kuaisar, path: . }");
    return map;
  }
}
