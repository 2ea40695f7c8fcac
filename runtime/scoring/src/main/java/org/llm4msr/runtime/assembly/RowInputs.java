package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import org.jspecify.annotations.Nullable;

/**
 * What a pass reads beside the parameters. What a model does not read is null.
 *
 * @param flat the embedded fields of the data, (B, W)
 * @param users knowledge of the users, (U, K)
 * @param scenarios knowledge of all scenarios, (S, K)
 * @param items knowledge of the items, (I, K)
 * @param history similarities of the rows, (B, n)
 */
public record RowInputs(
    NDArray flat,
    @Nullable NDArray users,
    @Nullable NDArray scenarios,
    @Nullable NDArray items,
    @Nullable NDArray history) {}
