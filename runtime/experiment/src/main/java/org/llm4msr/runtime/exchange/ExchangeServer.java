package org.llm4msr.runtime.exchange;

import java.util.List;

/** Answers other processes until it is closed. Safe for use by several threads. */
public interface ExchangeServer extends AutoCloseable {

  /** Returns where clients reach it, as a URI. */
  String address();

  /** Returns the paths of the tables that it has. */
  List<List<String>> tables();

  /** Returns the address, and a line for each table. */
  default String text() {
    StringBuilder text = new StringBuilder(address()).append('\n');
    tables().forEach(path -> text.append("  ").append(String.join(" / ", path)).append('\n'));
    return text.toString();
  }

  /** Waits until it is closed. */
  void await() throws InterruptedException;

  /** Ends the server; running calls are cut off. May be called again. */
  @Override
  void close();
}
