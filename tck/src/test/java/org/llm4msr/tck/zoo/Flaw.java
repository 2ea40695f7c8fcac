package org.llm4msr.tck.zoo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Set;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.api.model.Pass;

/** A flaw of a plugin of the zoo; each one overrides one method of a sound plugin. */
class Flaw {

  static final Cage<Flaw> CAGE = new Cage<>(Flaw::new);

  static Flaw get() {
    return CAGE.make();
  }

  void create(ModelContext context) {}

  NDArray input(Pass pass, NDArray x) {
    return x;
  }

  /** Spoils the result: logits (B), or (B, n) of a meta network. */
  NDArray output(Pass pass, NDArray x, NDArray y) {
    return y;
  }

  /** Spoils the logits (B) of a model that reads features. */
  NDArray read(Features features, NDArray y) {
    return y;
  }

  Set<EngineFeature> engineFeatures() {
    return Set.of();
  }

  Set<ModelInput> inputs() {
    return Set.of();
  }

  boolean hasHidden() {
    return true;
  }

  /** Spoils the context of a meta network. */
  MetaContext context(MetaContext context) {
    return context;
  }

  /** Spoils a meta network. */
  MetaNetwork network(MetaNetwork sound) {
    return sound;
  }

  /** Spoils the features of a head. */
  Features given(Features features) {
    return features;
  }

  /** Spoils the context of a head. */
  FusionContext context(FusionContext context) {
    return context;
  }

  /** Gives each row of y a value of its own: (B) to the shape of y. */
  static NDArray perRow(NDArray value, NDArray y) {
    return y.getShape().dimension() == 1 ? value : value.reshape(new Shape(-1, 1));
  }
}
