package org.llm4msr.server.http;

/** Is told what was not answered as its client wanted, on the threads of the network. */
public interface RefusalObserver {

  /**
   * A request was refused.
   *
   * @param protocol {@code http}, {@code grpc} or {@code flight}
   * @param code of the error
   */
  void refused(String protocol, String code);
}
