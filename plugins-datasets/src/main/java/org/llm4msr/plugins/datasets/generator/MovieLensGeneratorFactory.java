package org.llm4msr.plugins.datasets.generator;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.api.data.DatasetGeneratorFactory;

/** Makes generators of ratings in the schemas of MovieLens. */
@Plugin(
    name = "movielens",
    description = "Ratings in a MovieLens schema from a stated model",
    source = "Harper and Konstan, The MovieLens Datasets, TiiS 2015 (the schema)")
public final class MovieLensGeneratorFactory
    implements DatasetGeneratorFactory<MovieLensGeneratorConfig> {

  @Override
  public Class<MovieLensGeneratorConfig> configType() {
    return MovieLensGeneratorConfig.class;
  }

  @Override
  public DatasetGenerator create(MovieLensGeneratorConfig config, DatasetContext context) {
    return new MovieLensGenerator(config, context.folder());
  }
}
