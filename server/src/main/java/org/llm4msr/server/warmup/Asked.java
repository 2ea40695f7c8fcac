package org.llm4msr.server.warmup;

import org.llm4msr.serving.ranker.RankRequest;

/**
 * A request to a model.
 *
 * @param model by name; empty where the server chooses
 */
public record Asked(String model, RankRequest request) {}
