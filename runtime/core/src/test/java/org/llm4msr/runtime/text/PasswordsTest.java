package org.llm4msr.runtime.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PasswordsTest {

  @ParameterizedTest
  @CsvSource({
    "https://ann:s3cret@host:8000/v1 and more, https://ann:***@host:8000/v1 and more",
    "http://:s3cret@proxy, http://:***@proxy",
    "a http://a:b@c d http://e:f@g, a http://a:***@c d http://e:***@g",
    "http://host:8000/a@b, http://host:8000/a@b",
    "http://ann@host, http://ann@host",
    "ann:s3cret@host, ann:s3cret@host",
  })
  void masksThoseInAddressesOnly(String text, String shown) {
    assertThat(Passwords.masked(text)).isEqualTo(shown);
  }
}
