package org.llm4msr.serving.recording;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a pass computes of the user's knowledge alone, the same for all rows: the weights of a user,
 * for example. It is computed once a user, and its results enter the graph of the rows.
 *
 * @param results what the rest of the pass reads of it
 * @param source the value with the fewest numbers from which all results can be computed; null
 *     where there are none
 */
record UserPart(List<Value> results, @Nullable Value source) {

  UserPart {
    results = List.copyOf(results);
  }

  /** Finds it in two recordings of one pass. */
  static UserPart of(RecordedPass pass, RecordedPass other) {
    return new Search(pass, other).find();
  }

  private static final class Search {

    private final List<Value> values;
    private final Collection<Value> wanted;
    private final BitSet ofUser = new BitSet(); // Depend on the user alone, whatever the rows.

    Search(RecordedPass pass, RecordedPass other) {
      values = pass.values();
      wanted = pass.results().values();
      for (Value value : values) {
        Value twin = other.values().get(value.number());
        boolean user =
            value.source() == Value.Source.USER && Arrays.equals(value.shape(), twin.shape());
        ofUser.set(value.number(), user && value.values().stream().allMatch(this::isKnownOfUser));
      }
    }

    private boolean isKnownOfUser(Value value) {
      return value.constant() || ofUser.get(value.number());
    }

    UserPart find() {
      List<Value> results = results();
      Value narrowest = null;
      for (Value value : values) {
        if (ofUser.get(value.number())
            && (narrowest == null || value.array().size() < narrowest.array().size())
            && results.stream().noneMatch(isIn(reachedWithout(value)))) {
          narrowest = value;
        }
      }
      return new UserPart(results, narrowest);
    }

    private static Predicate<Value> isIn(BitSet numbers) {
      return value -> numbers.get(value.number());
    }

    private List<Value> results() {
      BitSet needed = new BitSet();
      wanted.forEach(result -> needed.set(result.number()));
      BitSet found = new BitSet();
      for (int number = values.size() - 1; number >= 0; number--) {
        if (needed.get(number)) {
          for (Value argument : values.get(number).values()) {
            (ofUser.get(argument.number()) ? found : needed).set(argument.number());
          }
        }
      }
      return found.stream().mapToObj(values::get).toList();
    }

    /** Returns the values that the knowledge reaches in ways that leave out another one. */
    private BitSet reachedWithout(Value other) {
      BitSet reached = new BitSet();
      for (Value value : values) {
        boolean source = RequestGraphs.USER.equals(value.name());
        boolean any = value.values().stream().anyMatch(argument -> reached.get(argument.number()));
        reached.set(value.number(), value.number() != other.number() && (source || any));
      }
      return reached;
    }
  }
}
