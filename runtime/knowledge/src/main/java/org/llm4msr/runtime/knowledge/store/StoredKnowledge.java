package org.llm4msr.runtime.knowledge.store;

import org.jspecify.annotations.Nullable;

/**
 * One row of a store.
 *
 * @param key the scenario's key, or the raw id of user or item
 * @param promptHash SHA-256 of the prompt before history was dropped, (32)
 * @param vector (K)
 * @param text what the model generated, or null
 * @param tokens tokens of the prompt that was read
 * @param droppedHistory history items that were dropped until it fitted
 */
@SuppressWarnings("ArrayRecordComponent") // One array per row; never compared.
public record StoredKnowledge(
    String key,
    byte[] promptHash,
    float[] vector,
    @Nullable String text,
    int tokens,
    int droppedHistory) {}
