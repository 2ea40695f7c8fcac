package org.llm4msr.toolkit.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnvironmentProxiesTest {

  /** The third column is the answer of {@code should_bypass_proxies} of Python's requests 2.x. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          10.0.0.0/8               | http://10.200.3.4/x       | true
          10.0.0.0/8               | http://11.0.0.1/x         | false
          10.0.0.7/8               | http://10.200.3.4:8080/x  | true
          192.168.1.64/26          | https://192.168.1.127/x   | true
          192.168.1.64/26          | https://192.168.1.128/x   | false
          1.2.3.4/32               | http://1.2.3.4/x          | true
          1.2.3.4/32               | http://1.2.3.5/x          | false
          128.0.0.0/1              | http://200.0.0.1/x        | true
          0.0.0.0/0                | http://1.2.3.4/x          | false
          10.0.0.0/33              | http://10.0.0.1/x         | false
          10.0.0.0/x               | http://10.0.0.1/x         | false
          300.0.0.0/8              | http://44.0.0.1/x         | false
          10.0.0.0/8               | http://10.example/x       | false
          hub.corp, 10.0.0.0/8     | http://10.1.1.1/x         | true
          10.1.1.1                 | http://10.1.1.1:8080/x    | true
          hub.corp:8080            | http://hub.corp:8080/x    | true
          hub.corp:8080            | http://hub.corp:8081/x    | false
          hub.corp:8080            | http://hub.corp/x         | false
          hub.corp:443             | https://hub.corp/x        | false
          .corp:8080               | http://hub.corp:8080/x    | true
          .corp:8080               | http://hub.corp:80/x      | false
          hub.corp                 | http://hub.corp:8080/x    | true
          hub.corp                 | https://hub.corp/x        | true
          corp                     | http://hub.corp:8080/x    | true
          hub.corp                 | http://github.corp/x      | false
          HUB.corp                 | http://hub.CORP:8080/x    | true
          *                        | http://hub.corp:8080/x    | true
          """)
  void exceptsHostsNetworksAndPorts(String exceptions, URI address, boolean excepted) {
    Map<String, String> environment =
        Map.of("ALL_PROXY", "http://127.0.0.1:3128", "NO_PROXY", exceptions);

    assertThat(EnvironmentProxies.of(environment::get).select(address))
        .containsExactly(
            excepted
                ? Proxy.NO_PROXY
                : new Proxy(Proxy.Type.HTTP, new InetSocketAddress("127.0.0.1", 3128)));
  }
}
