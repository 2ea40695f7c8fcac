package org.llm4msr.runtime.compare;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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

  /** It has no label, so that a model is called as it is without controls. */
  private static final AnyValue OFF = new AnyValue("off", "");

  Grid {
    axes = List.copyOf(axes);
    cells = List.copyOf(cells);
  }

  /**
   * Lays out the grid.
   *
   * @param file of the comparison
   * @param workspace returns the workspace that an experiment's file states
   * @param readsKnowledge whether an experiment with some overrides does; asked for controls only
   */
  static Grid of(
      ComparisonConfig config,
      Path file,
      List<String> extra,
      Function<Path, String> workspace,
      BiPredicate<Path, List<String>> readsKnowledge) {
    return new Layout(config, file, extra, workspace, readsKnowledge).grid();
  }

  private static final class Layout {

    private final List<Path> experiments;
    private final List<Axis> axes = new ArrayList<>();
    private final List<String> shared = new ArrayList<>();
    private final Function<Path, String> workspace;
    private final BiPredicate<Path, List<String>> readsKnowledge;
    private final List<Integer> shown;
    private final Set<Integer> contrast;

    Layout(
        ComparisonConfig config,
        Path file,
        List<String> extra,
        Function<Path, String> workspace,
        BiPredicate<Path, List<String>> readsKnowledge) {
      this.workspace = workspace;
      this.readsKnowledge = readsKnowledge;
      experiments = config.experiments().stream().map(file::resolveSibling).toList();
      axes.add(
          new Axis(
              "",
              "experiment",
              experiments.stream().map(experiment -> new AnyValue("", stem(experiment))).toList()));
      add(Axis.BACKBONE, "backbone", config.backbones());
      add(Axis.FUSION, "fusion", config.fusions());
      if (!config.controls().isEmpty()) {
        List<AnyValue> controls = new ArrayList<>(List.of(OFF));
        controls.addAll(config.controls());
        add(Axis.CONTROL, "control", controls);
      }
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

    /** Controls are shown beside what is shown without them. */
    private List<Integer> shown() {
      List<Integer> others = axes(axis -> !isControl(axis));
      List<Integer> several = axes(axis -> axes.get(axis).values().size() > 1);
      return several.stream().anyMatch(others::contains)
          ? several
          : axes(axis -> isControl(axis) || axis == others.get(others.size() - 1));
    }

    private List<Integer> axes(IntPredicate predicate) {
      return IntStream.range(0, axes.size()).filter(predicate).boxed().toList();
    }

    /**
     * Models are compared along the fusion heads or, without several, along the last axis; and
     * along their controls.
     */
    private Set<Integer> contrast() {
      List<Integer> others = shown.stream().filter(axis -> !isControl(axis)).toList();
      int models =
          others.stream()
              .filter(axis -> axes.get(axis).key().equals(Axis.FUSION))
              .findFirst()
              .orElse(others.get(others.size() - 1));
      return Set.copyOf(axes(axis -> isControl(axis) || axis == models));
    }

    private boolean isControl(int axis) {
      return axes.get(axis).key().equals(Axis.CONTROL);
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
        cell(at).ifPresent(cells::add);
        return;
      }
      for (at[axis] = 0; at[axis] < axes.get(axis).values().size(); at[axis]++) {
        fill(at, axis + 1, cells);
      }
    }

    /** Returns a cell; nothing for a control of a model that reads no knowledge. */
    private Optional<Cell> cell(int[] at) {
      Path experiment = experiments.get(at[0]);
      List<String> overrides = new ArrayList<>(shared);
      List<String> labels = new ArrayList<>();
      List<String> uncontrolled = new ArrayList<>();
      List<String> group = new ArrayList<>();
      Variant variant = new Variant();
      String control = "";
      boolean controlled = false;
      boolean baseline = true;
      for (int i = 0; i < at.length; i++) {
        Axis axis = axes.get(i);
        String label = axis.values().get(at[i]).label();
        if (isControl(i)) {
          control = axis.override(at[i]);
          controlled = at[i] > 0;
        } else if (!axis.key().isEmpty()) {
          overrides.add(axis.override(at[i]));
        }
        if (axis.needsWorkspace() && axis.values().size() > 1) {
          variant.add(axis.title(), label, axis.override(at[i]));
        }
        if (shown.contains(i)) {
          labels.add(label);
          uncontrolled.add(isControl(i) ? axis.values().get(0).label() : label);
        }
        if (contrast.contains(i)) {
          baseline &= at[i] == 0;
        } else {
          group.add(label);
        }
      }
      variant.workspace(() -> workspace.apply(experiment)).ifPresent(overrides::add);
      if (!control.isEmpty()) {
        boolean reads = readsKnowledge.test(experiment, overrides);
        if (controlled && !reads) {
          return Optional.empty();
        }
        if (reads) {
          overrides.add(control);
        }
      }
      return Optional.of(
          new Cell(
              experiment, labels, group, baseline, controlled ? uncontrolled : null, overrides));
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

  /** Returns the values of a cell, each with its axis. */
  String describe(Cell cell) {
    return IntStream.range(0, axes.size())
        .filter(axis -> !cell.labels().get(axis).isEmpty())
        .mapToObj(
            axis -> {
              String label = cell.labels().get(axis);
              return label.equals(Tuning.UNCHANGED) ? label : axes.get(axis) + " " + label;
            })
        .distinct()
        .collect(Collectors.joining(", "));
  }

  /** Returns the cells of one group. */
  List<Cell> group(Cell member) {
    return cells.stream().filter(cell -> cell.group().equals(member.group())).toList();
  }
}
