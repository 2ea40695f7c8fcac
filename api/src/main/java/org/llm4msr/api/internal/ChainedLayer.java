package org.llm4msr.api.internal;

import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Parameter;

/**
 * One of several layers through which rows pass: {@code x W + b} and what follows.
 *
 * @param weight (n, m), or (e, n, m) for a product part by part; of each group, (G, ...), where
 *     rows are multiplied by the matrices of their groups
 * @param bias (e * m), or (G, e * m); null without
 */
@Stability(level = Stability.Level.INTERNAL, since = "0.1")
public record ChainedLayer(Parameter weight, @Nullable Parameter bias, Follow follow) {}
