package ${package};

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;

/** Reads a log of clicks, whose lines {@link ${className}Rows} describes. Each page is a scenario. */
final class ${className}Reader implements DatasetReader {

  private final Path log;

  ${className}Reader(${className}ReaderConfig config, Path folder) {
    log = folder.resolve(config.file());
    if (!Files.isRegularFile(log)) {
      throw new MsrException(
          ErrorType.DATA,
          "${artifactId}/NO_FILE",
          "There is no file %s. Set dataset.path to the folder that has it, or dataset.file."
              .formatted(log));
    }
  }

  @Override
  public RawSchema schema() {
    return new RawSchema(
        List.of(RawTable.INTERACTIONS),
        List.of(
            field(RawSchema.USER, FieldRole.USER),
            field(RawSchema.ITEM, FieldRole.ITEM),
            field(${className}Rows.HOUR, FieldRole.CONTEXT)),
        true,
        false,
        List.of(),
        List.of(),
        "clicked = 1");
  }

  private static RawField field(String column, FieldRole role) {
    return new RawField(
        column, RawTable.INTERACTIONS, column, role, new FieldKind.Categorical());
  }

  @Override
  public List<RawScenario> scenarios() {
    return List.of();
  }

  @Override
  public List<Path> sources() {
    return List.of(log);
  }

  @Override
  public ArrowReader open(RawTable table, BufferAllocator allocator) throws IOException {
    return new ${className}Rows(log, allocator);
  }

  @Override
  public void close() {}
}
