package org.llm4msr.tck.zoo;

import java.nio.file.Files;
import java.util.Set;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;

/** Makes readers with the flaw of the day. */
@Plugin(name = "zoo", description = "A sound reader with one flaw")
public final class ZooReaderFactory implements DatasetReaderFactory<ZooConfig> {

  static final Cage<SoundReader> CAGE = new Cage<>(SoundReader::new);

  /** A file that tells a reader in another process its flaw. */
  static final String HOARD = "hoard";

  @Override
  public Class<ZooConfig> configType() {
    return ZooConfig.class;
  }

  @Override
  public DatasetReader create(ZooConfig config, DatasetContext context) {
    boolean hoards = Files.exists(context.folder().resolve(HOARD));
    SoundReader reader = hoards ? new ReaderZooTest.Hoards() : CAGE.make();
    reader.start(context);
    return reader;
  }

  @Override
  public Set<EngineFeature> engineFeatures(ZooConfig config) {
    return EngineNeedsZooTest.DECLARED.make();
  }
}
