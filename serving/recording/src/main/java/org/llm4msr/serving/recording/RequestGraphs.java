package org.llm4msr.serving.recording;

import ai.djl.ndarray.NDManager;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;

/**
 * What a model computes for the rows of one user in one scenario, as ONNX graphs. Weights of the
 * scenario are constants. What depends on the user's knowledge alone is a graph of its own, in two
 * steps: the knowledge gives a few numbers that can be stored for each user, and these give what
 * the graph of the rows reads.
 *
 * @param scorer from the inputs of rows and, where the model reads knowledge of users, {@code
 *     user.0} and so on, to {@code logits} (B) and, where the model learns further labels, what
 *     their towers give, {@code labels} (B, L)
 * @param source from {@code user} (1, K) to {@code source}; null without knowledge of users
 * @param expand from {@code source} to {@code user.0} and so on; null without knowledge of users
 */
public record RequestGraphs(
    OnnxModel scorer, @Nullable OnnxModel source, @Nullable OnnxModel expand) {

  /** The knowledge of the user. */
  public static final String USER = "user";

  /** The numbers of the user that are stored. */
  public static final String SOURCE = "source";

  public static final String LOGITS = "logits";

  /** What the towers of further labels give. */
  public static final String LABELS = "labels";

  /**
   * Records the pass of one scenario. Belongs to the engine's thread.
   *
   * @param engine makes the arrays of the recording
   * @param scenarios S
   * @param scenario rank
   * @throws MsrException of type PLUGIN, {@code compile/NOT_RECORDED}, with the operation, where
   *     the model does what no graph can
   */
  public static RequestGraphs of(RequestPass model, NDManager engine, int scenarios, int scenario) {
    Sizes sizes = Sizes.above(2 * scenarios);
    try (NDManager manager = engine.newSubManager()) {
      return of(
          RecordedPass.of(model, manager, scenarios, scenario, sizes.first()),
          RecordedPass.of(model, manager, scenarios, scenario, sizes.second()),
          sizes);
    } catch (MsrException e) {
      throw e;
    } catch (RuntimeException e) {
      throw Refusal.of(e);
    }
  }

  private static RequestGraphs of(RecordedPass pass, RecordedPass other, Sizes sizes) {
    requireSame(pass, other);
    UserPart user = UserPart.of(pass, other);
    Map<String, Value> given = new LinkedHashMap<>();
    Map<String, Value> ofUser = new LinkedHashMap<>();
    for (Value value : pass.values()) {
      if (value.operation().equals(Value.INPUT) && !USER.equals(value.name())) {
        given.put(value.name(), value);
      }
    }
    for (Value result : user.results()) {
      ofUser.put(USER + "." + ofUser.size(), result);
    }
    given.putAll(ofUser);
    OnnxModel scorer = translation(other, sizes).write(given, pass.results());
    Value source = user.source();
    if (source == null) {
      return new RequestGraphs(scorer, null, null);
    }
    return new RequestGraphs(
        scorer,
        translation(other, sizes).write(Map.of(USER, pass.input(USER)), Map.of(SOURCE, source)),
        translation(other, sizes).write(Map.of(SOURCE, source), ofUser));
  }

  private static Translation translation(RecordedPass other, Sizes sizes) {
    return new Translation(other.values(), sizes);
  }

  private static void requireSame(RecordedPass pass, RecordedPass other) {
    List<String> one = pass.values().stream().map(Value::operation).toList();
    if (!one.equals(other.values().stream().map(Value::operation).toList())) {
      throw Refusal.ofPass(
          "runs other operations for other numbers of rows.",
          "Have no branch and no loop depend on the number of rows.");
    }
  }
}
