package org.llm4msr.runtime.exchange;

/** Starts servers of one protocol. Found through {@link java.util.ServiceLoader}. */
public interface ExchangeProvider {

  /**
   * Starts a server; the caller closes it.
   *
   * @throws org.llm4msr.api.MsrException {@code exchange/ADDRESS} if it cannot listen there, or as
   *     {@link org.llm4msr.runtime.data.prepared.PreparedData#open}
   */
  ExchangeServer start(ExchangeRequest request);
}
