import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.pitest.classinfo.ClassName;
import org.pitest.mutationtest.engine.Location;
import org.pitest.mutationtest.engine.MutationIdentifier;

/** A drawn mutation, with the line that it stands in. */
record Drawn(int number, String module, MutationIdentifier id, int line, String says) {

  static Drawn read(String row) {
    String[] cells = row.split("\t", -1);
    List<Integer> indexes = Stream.of(cells[6].split(",")).map(Integer::valueOf).toList();
    Location location = new Location(ClassName.fromString(cells[2]), cells[3], cells[4]);
    return new Drawn(
        Integer.parseInt(cells[0]),
        cells[1],
        new MutationIdentifier(location, indexes, cells[5]),
        Integer.parseInt(cells[7]),
        cells[8]);
  }

  Drawn in(int line) {
    return new Drawn(number, module, id, line, says);
  }

  String row() {
    return String.join(
        "\t",
        String.valueOf(number),
        module,
        id.getClassName().asJavaName(),
        id.getLocation().getMethodName(),
        id.getLocation().getMethodDesc(),
        id.getMutator(),
        id.getIndexes().stream().map(String::valueOf).collect(Collectors.joining(",")),
        String.valueOf(line),
        says);
  }
}
