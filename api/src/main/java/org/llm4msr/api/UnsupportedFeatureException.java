package org.llm4msr.api;

/** The typed refusal: a plugin or the engine lacks a feature that was asked for. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public final class UnsupportedFeatureException extends MsrException {

  private static final long serialVersionUID = 1L;

  /**
   * Makes a refusal.
   *
   * @param feature the missing feature, for example {@code EngineFeature.TOP_K}
   * @param message what lacks it and what to use instead
   */
  public UnsupportedFeatureException(String feature, String message) {
    super(ErrorType.USER, "plugin/UNSUPPORTED", feature + ": " + message);
  }
}
