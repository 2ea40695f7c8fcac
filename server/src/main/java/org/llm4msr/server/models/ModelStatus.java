package org.llm4msr.server.models;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.serving.ranker.RankerComparison;

/**
 * What is known of a model that is served.
 *
 * @param version that is served
 * @param digest of its bundle
 * @param weight its share of users
 * @param shadow the share of the requests to others that it ranks unseen
 * @param compiled whether graphs serve, and not the engine
 * @param since when it was loaded, in UTC
 * @param versions all that there are, the newest first; none for a single bundle
 * @param pinned whether the version was chosen by name
 * @param comparison with the version before; null for the first
 * @param rejected the version that should be served, and why it is not; null if there is none
 */
public record ModelStatus(
    String name,
    String version,
    String digest,
    double weight,
    double shadow,
    boolean compiled,
    List<String> scenarios,
    String since,
    List<String> versions,
    boolean pinned,
    @Nullable RankerComparison comparison,
    @Nullable Rejected rejected) {}
