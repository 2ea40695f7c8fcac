package org.llm4msr.runtime.compare;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.zip.CRC32C;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.loading.AnyValue;

/**
 * The models of a comparison, in the order of the table.
 *
 * @param axes headings of the axes with more than one value; all if no axis has
 */
record Grid(List<String> axes, List<Cell> cells) {

  private static final int MOST_CELLS = 10_000;

  Grid {
    axes = List.copyOf(axes);
    cells = List.copyOf(cells);
  }

  /**
   * Lays out the grid.
   *
   * @param file of the comparison
   * @param workspace returns the workspace that an experiment's file states
   */
  static Grid of(
      ComparisonConfig config, Path file, List<String> extra, Function<Path, String> workspace) {
    return new Layout(config, file, extra, workspace).grid();
  }

  private static final class Layout {

    private final List<Path> experiments;
    private final List<Axis> axes = new ArrayList<>();
    private final List<String> shared = new ArrayList<>();
    private final Function<Path, String> workspace;
    private final List<Integer> shown;
    private final int contrast;

    Layout(
        ComparisonConfig config, Path file, List<String> extra, Function<Path, String> workspace) {
      this.workspace = workspace;
      experiments = config.experiments().stream().map(file::resolveSibling).toList();
      axes.add(
          new Axis(
              "",
              "experiment",
              experiments.stream().map(experiment -> new AnyValue("", stem(experiment))).toList()));
      add(Axis.BACKBONE, "backbone", config.backbones());
      add(Axis.FUSION, "fusion", config.fusions());
      config.grid().forEach((key, values) -> add(key, key.substring(key.indexOf('.') + 1), values));
      config.settings().forEach((key, value) -> shared.add(key + "=" + value.yaml()));
      shared.addAll(extra);
      shown = shown();
      contrast = contrast();
    }

    private void add(String key, String title, List<AnyValue> values) {
      if (!values.isEmpty()) {
        axes.add(new Axis(key, title, values));
      }
    }

    private List<Integer> shown() {
      List<Integer> several = new ArrayList<>();
      for (int axis = 0; axis < axes.size(); axis++) {
        if (axes.get(axis).values().size() > 1) {
          several.add(axis);
        }
      }
      return several.isEmpty() ? List.of(axes.size() - 1) : several;
    }

    /** Models are compared along the fusion heads or, without several, along the last axis. */
    private int contrast() {
      return shown.stream()
          .filter(axis -> axes.get(axis).key().equals(Axis.FUSION))
          .findFirst()
          .orElse(shown.get(shown.size() - 1));
    }

    Grid grid() {
      long count = 1;
      for (Axis axis : axes) {
        count *= axis.values().size();
        if (count > MOST_CELLS) {
          throw new MsrException(
              ErrorType.USER,
              "compare/TOO_MANY",
              "The grid has more than %,d models. Remove values from it.".formatted(MOST_CELLS));
        }
      }
      List<Cell> cells = new ArrayList<>();
      fill(new int[axes.size()], 0, cells);
      return new Grid(shown.stream().map(axis -> axes.get(axis).title()).toList(), cells);
    }

    private void fill(int[] at, int axis, List<Cell> cells) {
      if (axis == axes.size()) {
        cells.add(cell(at));
        return;
      }
      for (at[axis] = 0; at[axis] < axes.get(axis).values().size(); at[axis]++) {
        fill(at, axis + 1, cells);
      }
    }

    private Cell cell(int[] at) {
      Path experiment = experiments.get(at[0]);
      List<String> overrides = new ArrayList<>(shared);
      List<String> labels = new ArrayList<>();
      List<String> group = new ArrayList<>();
      Variant variant = new Variant();
      for (int i = 0; i < at.length; i++) {
        Axis axis = axes.get(i);
        String label = axis.values().get(at[i]).label();
        if (!axis.key().isEmpty()) {
          overrides.add(axis.override(at[i]));
        }
        if (axis.needsWorkspace() && axis.values().size() > 1) {
          variant.add(axis.title(), label, axis.override(at[i]));
        }
        if (shown.contains(i)) {
          labels.add(label);
        }
        if (i != contrast) {
          group.add(label);
        }
      }
      variant.workspace(() -> workspace.apply(experiment)).ifPresent(overrides::add);
      return new Cell(experiment, labels, group, at[contrast] == 0, overrides);
    }
  }

  /** Returns the name of a YAML file without its ending. */
  static String stem(Path file) {
    return String.valueOf(file.getFileName()).replaceFirst("\\.ya?ml$", "");
  }

  /** Returns a text as part of a file name. */
  static String slug(String text) {
    String plain = text.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9.]+", "-");
    String slug = plain.replaceAll("^[-.]+|[-.]+$", "");
    return slug.isEmpty() ? "model" : slug;
  }

  /** Returns a checksum that distinguishes texts with the same slug. */
  static String checksum(String text) {
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(UTF_8));
    return String.format("%08x", crc.getValue());
  }

  /** Returns the cells of one group. */
  List<Cell> group(Cell member) {
    return cells.stream().filter(cell -> cell.group().equals(member.group())).toList();
  }
}
