package org.llm4msr.runtime.training;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/** Lines of {@code metrics.jsonl}: {@code "type": "step"} or {@code "validation"}. */
final class MetricsLine {

  private static final ObjectMapper JSON = new ObjectMapper();

  private MetricsLine() {}

  static ObjectNode of(TrainingListener.Step step) {
    ObjectNode line = begin("step", step.step(), step.epoch(), step.loss());
    step.losses().forEach((name, value) -> line.withObject("/losses").put(name, value));
    line.put("learningRate", step.learningRate())
        .put("rowsPerSecond", Math.round(step.rowsPerSecond()));
    if (!Double.isNaN(step.gradientNorm())) {
      line.put("gradientNorm", step.gradientNorm());
    }
    return with(step.watched(), line);
  }

  static ObjectNode of(TrainingListener.Validated validated) {
    Validation look = validated.validation();
    ObjectNode line = begin("validation", look.step(), look.epoch(), look.trainingLoss());
    line.put("rowsPerSecond", Math.round(validated.rowsPerSecond()));
    line.set("validation", JSON.<JsonNode>valueToTree(look.result()));
    return with(validated.watched(), line);
  }

  private static ObjectNode begin(String type, long step, int epoch, double loss) {
    return JSON.createObjectNode()
        .put("type", type)
        .put("step", step)
        .put("epoch", epoch)
        .put("loss", loss);
  }

  private static ObjectNode with(Map<String, Float> watched, ObjectNode line) {
    watched.forEach((name, value) -> line.withObject("/parameters").put(name, value));
    return line;
  }
}
