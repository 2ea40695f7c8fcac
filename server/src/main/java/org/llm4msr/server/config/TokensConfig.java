package org.llm4msr.server.config;

import jakarta.validation.constraints.NotBlank;
import java.util.List;
import java.util.stream.Stream;
import org.llm4msr.api.Setting;

/** Tokens by what those who send them may do. */
public record TokensConfig(
    @Setting(
            value = "Tokens that may rank, over HTTP, gRPC and Flight",
            defaultValue = "[]",
            secret = true)
        List<@NotBlank String> rank,
    @Setting(
            value = "Tokens that may read metrics, the list of models, and vectors",
            defaultValue = "[]",
            secret = true)
        List<@NotBlank String> read,
    @Setting(
            value = "Tokens that may do all, also choose versions and change vectors",
            defaultValue = "[]",
            secret = true)
        List<@NotBlank String> operate) {

  /** Returns whether there is none. */
  public boolean isEmpty() {
    return Stream.of(rank, read, operate).allMatch(List::isEmpty);
  }
}
