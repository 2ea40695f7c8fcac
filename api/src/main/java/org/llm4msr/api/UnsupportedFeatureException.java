package org.llm4msr.api;

/** Says that a plugin or the engine does not have what was asked of it: the typed refusal. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public final class UnsupportedFeatureException extends MsrException {

  private static final long serialVersionUID = 1L;

  /**
   * Makes a refusal.
   *
   * @param feature what is lacking, for example {@code EngineFeature.TOP_K}
   * @param message who lacks it and what to use instead
   */
  public UnsupportedFeatureException(String feature, String message) {
    super(ErrorType.USER, "plugin/UNSUPPORTED", feature + ": " + message);
  }
}
