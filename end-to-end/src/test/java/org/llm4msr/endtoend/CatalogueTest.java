package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.download.Catalogue;
import org.llm4msr.runtime.download.PublishedDataset;
import org.llm4msr.runtime.plugins.PluginDescriptor;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;

class CatalogueTest {

  @Test
  void everyPublishedDataSetHasABuiltInReaderOfItsOwn() {
    List<String> readers =
        PluginRegistry.load().plugins(PluginKind.DATASET_READER).stream()
            .map(PluginDescriptor::name)
            .toList();
    assertThat(Catalogue.load().datasets())
        .extracting(PublishedDataset::reader)
        .isSubsetOf(readers)
        .doesNotContain("table");
  }
}
