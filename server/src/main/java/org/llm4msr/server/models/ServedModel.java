package org.llm4msr.server.models;

import java.nio.file.Path;
import org.llm4msr.serving.ranker.Ranker;

/**
 * A model that ranks.
 *
 * @param name by which requests may ask for it
 * @param version of its bundle: the name of the folder
 * @param weight its share of users
 */
public record ServedModel(String name, String version, Path folder, double weight, Ranker ranker) {}
