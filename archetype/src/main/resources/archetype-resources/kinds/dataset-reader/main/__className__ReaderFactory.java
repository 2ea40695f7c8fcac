package ${package};

import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;

/** Makes {@link ${className}Reader}s. */
@Plugin(name = "${artifactId}", description = "A log of clicks on the pages of a site")
public final class ${className}ReaderFactory
    implements DatasetReaderFactory<${className}ReaderConfig> {

  @Override
  public Class<${className}ReaderConfig> configType() {
    return ${className}ReaderConfig.class;
  }

  @Override
  public DatasetReader create(${className}ReaderConfig config, DatasetContext context) {
    return new ${className}Reader(config, context.folder());
  }
}
