package org.llm4msr.cli.options;

import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.llm4msr.runtime.data.prepared.Split;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The part of the data that a command reads. */
public final class SplitOption {

  @Option(
      names = "--split",
      defaultValue = "test",
      paramLabel = "SPLIT",
      converter = Converter.class,
      description = "The part: train, validation or test (default: ${DEFAULT-VALUE}).")
  public Split part = Split.TEST;

  /** Reads the name of a part as it is written in files and texts. */
  public static final class Converter implements ITypeConverter<Split> {
    @Override
    public Split convert(String text) {
      return Stream.of(Split.values())
          .filter(split -> split.key().equalsIgnoreCase(text))
          .findFirst()
          .orElseThrow(() -> new TypeConversionException(expected(text)));
    }

    private static String expected(String text) {
      String keys = Stream.of(Split.values()).map(Split::key).collect(Collectors.joining(", "));
      return "expected one of %s but was '%s'".formatted(keys, text);
    }
  }
}
