package org.llm4msr.runtime.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ExchangeServerTest {

  @Test
  void eachTableStandsBelowTheAddress() {
    ExchangeServer server =
        new ExchangeServer() {
          @Override
          public String address() {
            return "grpc://127.0.0.1:8815";
          }

          @Override
          public List<List<String>> tables() {
            return List.of(List.of("data", "train"), List.of("knowledge"));
          }

          @Override
          public void await() {}

          @Override
          public void close() {}
        };

    assertThat(server.text()).isEqualTo("grpc://127.0.0.1:8815\n  data / train\n  knowledge\n");
  }
}
