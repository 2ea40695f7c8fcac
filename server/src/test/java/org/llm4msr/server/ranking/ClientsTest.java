package org.llm4msr.server.ranking;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.llm4msr.api.MsrException;

class ClientsTest {

  @Test
  void oneClientHasSoManyAtOnceAndOthersDoNotCount() {
    Clients clients = new Clients(2);
    clients.enter("a");
    clients.enter("b");
    clients.enter("a");

    assertThatThrownBy(() -> clients.enter("a"))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[serve/CLIENT_BUSY]");
    clients.leave("a");
    clients.enter("a");
    clients.enter("b");
    assertThatThrownBy(() -> clients.enter("b")).isInstanceOf(MsrException.class);
  }

  @Test
  void zeroIsNoLimit() {
    Clients clients = new Clients(0);
    for (int i = 0; i < 1000; i++) {
      clients.enter("a");
    }
  }
}
