package org.llm4msr.runtime.exchange;

import java.util.ServiceLoader;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** Finds the server on the class path. */
public final class Exchange {

  private Exchange() {}

  /**
   * Starts a server; the caller closes it.
   *
   * @throws MsrException {@code exchange/NONE} if the class path has none, or as {@link
   *     ExchangeProvider#start}
   */
  public static ExchangeServer start(ExchangeRequest request) {
    return ServiceLoader.load(ExchangeProvider.class, Exchange.class.getClassLoader())
        .findFirst()
        .orElseThrow(
            () ->
                new MsrException(
                    ErrorType.USER,
                    "exchange/NONE",
                    "The class path has no server for prepared data. Add llm4msr-exchange to it."))
        .start(request);
  }
}
