package org.llm4msr.runtime.exchange;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;

/**
 * What is served, and where.
 *
 * @param prepared folder of prepared data
 * @param knowledge its knowledge, or null for none
 * @param host address of this machine to listen on; whoever reaches it may read all
 * @param port 0 for any that is free
 */
public record ExchangeRequest(
    Path prepared, @Nullable KnowledgeStore knowledge, String host, int port) {}
