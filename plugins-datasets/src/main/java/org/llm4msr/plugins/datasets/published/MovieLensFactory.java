package org.llm4msr.plugins.datasets.published;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.plugins.datasets.sql.RawDatabase;

/** Makes readers of MovieLens: latest, 20m to 32m, 10m, 1m and 100k. */
@Plugin(
    name = "movielens",
    description =
        "MovieLens latest, 20m to 32m, 10m, 1m or 100k: one scenario per genre or age band",
    source = "Harper and Konstan, The MovieLens Datasets, TiiS 2015")
public final class MovieLensFactory implements DatasetReaderFactory<MovieLensConfig> {

  @Override
  public Class<MovieLensConfig> configType() {
    return MovieLensConfig.class;
  }

  @Override
  public DatasetReader create(MovieLensConfig config, DatasetContext context) {
    return RawDatabase.reading(
        context, database -> new MovieLensFormat(config, context.folder(), database).reader());
  }
}
