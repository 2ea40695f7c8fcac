package org.llm4msr.plugins.llm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.UInt2Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.types.Types.MinorType;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.api.model.Level;
import org.llm4msr.plugins.llm.PrecomputedConfig.Missing;
import org.llm4msr.tck.KnowledgeEncoderConformance;
import org.slf4j.LoggerFactory;

/** Reads what NumPy, pandas and pyarrow wrote; {@code make_vector_fixtures.py} made the files. */
class PrecomputedEncoderTest {

  private static Path files;
  private static Expected expected;

  @TempDir Path scratch;

  private record Expected(
      Map<String, float[]> float32,
      Map<String, float[]> float16,
      float[] mean,
      Map<String, float[]> scenarios) {}

  @BeforeAll
  static void find() throws IOException, URISyntaxException {
    files = Path.of(PrecomputedEncoderTest.class.getResource("vectors").toURI());
    expected = JsonFixture.read(files.resolve("expected.json"), Expected.class);
  }

  /** The rules that every encoder keeps; texts of the kit are keys of users. */
  abstract static class Rules extends KnowledgeEncoderConformance {

    private static final List<String> WORDS =
        List.of("the", "cat", "and", "a", "dog", "see", "one", "bird");

    @TempDir Path base;

    abstract String missing();

    abstract String format();

    @Override
    protected KnowledgeEncoderFactory<?> factory() {
      return new PrecomputedFactory();
    }

    @Override
    protected Path base() {
      if (Files.notExists(base.resolve("users" + format()))) {
        write();
      }
      return base;
    }

    @Override
    protected List<String> settings() {
      return List.of(
          "users=users" + format(), "scenarios=scenarios" + format(), "missing=" + missing());
    }

    @Override
    protected List<String> texts() {
      return List.of("user 1", "scenario 1", "user 2", "user 用户", "scenario feed");
    }

    /** Keys of the kit's own, among them two of almost the longest texts. */
    private void write() {
      Map<String, Integer> users = new LinkedHashMap<>(Map.of("1", 1, "2", 2, "用户", 3));
      for (int words = 1; words <= 320; words++) {
        String start =
            IntStream.range(0, words)
                .mapToObj(i -> WORDS.get(i % WORDS.size()))
                .collect(Collectors.joining(" "));
        users.put(start + " river", 4);
        users.put(start + " seven", 5);
      }
      try {
        write("users", users);
        write("scenarios", Map.of("1", 7, "feed", 8));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Writes vectors of a number, 1 and its half. */
    abstract void write(String name, Map<String, Integer> numbers) throws IOException;
  }

  @Nested
  class WithTheMean extends Rules {
    @Override
    String missing() {
      return "mean";
    }

    @Override
    String format() {
      return ".npy";
    }

    @Override
    void write(String name, Map<String, Integer> numbers) throws IOException {
      String head =
          "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, 3), }".formatted(numbers.size());
      ByteBuffer file = ByteBuffer.allocate(10 + 118 + 12 * numbers.size());
      file.order(ByteOrder.LITTLE_ENDIAN).put((byte) 0x93).put("NUMPY\1\0".getBytes(UTF_8));
      file.putShort((short) 118).put("%-117s\n".formatted(head).getBytes(UTF_8));
      numbers.values().forEach(n -> file.putFloat(n).putFloat(1).putFloat(n / 2f));
      Files.write(base.resolve(name + ".npy"), file.array());
      Files.write(base.resolve(name + ".keys.txt"), numbers.keySet());
    }
  }

  /** Slow, because each rule starts DuckDB. */
  @Nested
  @Tag("slow")
  class WithZeros extends Rules {
    @Override
    String missing() {
      return "zero";
    }

    @Override
    String format() {
      return ".csv";
    }

    @Override
    void write(String name, Map<String, Integer> numbers) throws IOException {
      StringBuilder lines = new StringBuilder("key,vector\n");
      numbers.forEach((key, n) -> lines.append("%s,[%d 1 %s]\n".formatted(key, n, n / 2f)));
      Files.writeString(base.resolve(name + ".csv"), lines);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "users.parquet, float32",
    "doubles.parquet, float32",
    "users.feather, float32",
    "halves.arrow, float16",
    "halves.feather, float16",
    "users.npy, float32",
    "halves.npy, float16",
    "doubles.npy, float32",
    "lists.csv, float32",
    "lists.tsv, float32",
    "printed.csv.gz, float32",
    "wide.csv, float32"
  })
  void readsWhatOtherToolsWrote(String file, String precision) {
    Map<String, float[]> vectors =
        precision.equals("float16") ? expected.float16() : expected.float32();
    try (PrecomputedEncoder encoder = open(file, Missing.FAIL)) {
      assertThat(encoder.info().dimension()).isEqualTo(5);
      vectors.forEach(
          (key, vector) ->
              assertThat(vector(encoder, "user " + key))
                  .as(key)
                  .containsExactly(vector, within(1e-6f)));
      expected
          .scenarios()
          .forEach(
              (key, vector) ->
                  assertThat(vector(encoder, "scenario " + key)).as(key).isEqualTo(vector));
      assertThat(encoder.readsKeys()).isTrue();
    }
  }

  @Test
  void namedColumnsAreTaken() {
    PrecomputedConfig config = config("lists.csv", Missing.FAIL, "user_id", "hidden_state");
    // The scenarios' file has no column of that name.
    assertThat(failure(() -> PrecomputedEncoder.open(config, context())))
        .hasMessageContaining("it has no column user_id, its columns are [scenario, hidden_state]");
    PrecomputedConfig state = config("lists.csv", Missing.FAIL, null, "hidden_state");
    try (PrecomputedEncoder encoder = PrecomputedEncoder.open(state, context())) {
      assertThat(vector(encoder, "user ann")).isEqualTo(expected.float32().get("ann"));
    }
  }

  /** Stores compare these texts with what they were filled with. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "      |        | FAIL | as stored",
        "count |        | FAIL | as stored, key count",
        "      | height | ZERO | as stored, zeros for missing, vector height",
        "count | height | MEAN | as stored, mean for missing, key count, vector height",
      })
  void settingsThatChangeVectorsChangeTheState(
      String key, String vector, Missing missing, String state) throws IOException {
    String file = Files.writeString(scratch.resolve("v.csv"), "count,height\n1,2\n").toString();
    PrecomputedConfig config =
        new PrecomputedConfig(file, file, null, key, vector, missing, "precomputed");

    try (PrecomputedEncoder encoder = PrecomputedEncoder.open(config, context())) {
      assertThat(encoder.info().state()).isEqualTo(state);
    }
  }

  /** As pandas writes a frame with its index: DuckDB calls the first of 14 columns column00. */
  @Test
  void theIndexOfAWideFrameIsNoKey() throws IOException {
    List<String> numbers = IntStream.range(0, 12).mapToObj(Integer::toString).toList();
    String row = String.join(",", numbers) + "\n";
    String frame = ",id," + row + "0,ann," + row + "1,bob," + row;
    Path file = Files.writeString(scratch.resolve("frame.csv"), frame);
    PrecomputedConfig config =
        new PrecomputedConfig(
            file.toString(), file.toString(), null, null, null, Missing.FAIL, "precomputed");
    try (PrecomputedEncoder encoder = PrecomputedEncoder.open(config, context())) {
      assertThat(vector(encoder, "user bob")).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    }
  }

  /** To Arrow 65 of two bytes is an A, and 200 of one is -56. */
  @Test
  void unsignedKeysAreNumbers() throws IOException {
    for (ArrowType.Int type : List.of(new ArrowType.Int(16, false), new ArrowType.Int(8, false))) {
      Path file = scratch.resolve("unsigned-" + type.getBitWidth() + ".arrow");
      try (BufferAllocator allocator = new RootAllocator();
          FieldVector keys = Field.notNullable("id", type).createVector(allocator);
          FixedSizeListVector vectors = FixedSizeListVector.empty("v", 1, allocator)) {
        vectors.addOrGetVector(FieldType.notNullable(MinorType.FLOAT4.getType()));
        Float4Vector values = (Float4Vector) vectors.getDataVector();
        List<Integer> ids = List.of(65, 200);
        keys.setInitialCapacity(ids.size());
        keys.allocateNew();
        vectors.allocateNew();
        for (int i = 0; i < ids.size(); i++) {
          if (keys instanceof UInt2Vector shorts) {
            shorts.set(i, ids.get(i));
          } else {
            ((UInt1Vector) keys).set(i, ids.get(i));
          }
          vectors.setNotNull(i);
          values.setSafe(i, ids.get(i));
        }
        try (VectorSchemaRoot root = VectorSchemaRoot.of(keys, vectors);
            OutputStream out = Files.newOutputStream(file);
            ArrowFileWriter writer = new ArrowFileWriter(root, null, Channels.newChannel(out))) {
          root.setRowCount(ids.size());
          writer.start();
          writer.writeBatch();
          writer.end();
        }
      }
      PrecomputedConfig config =
          new PrecomputedConfig(
              file.toString(), file.toString(), null, null, null, Missing.FAIL, "precomputed");
      try (PrecomputedEncoder encoder = PrecomputedEncoder.open(config, context())) {
        assertThat(vector(encoder, "user 65")).containsExactly(65);
        assertThat(vector(encoder, "user 200")).containsExactly(200);
      }
    }
  }

  @Test
  void missingKeysFailAndAreCounted() {
    try (PrecomputedEncoder encoder = open("users.parquet", Missing.FAIL)) {
      assertThat(failure(() -> encoder.encode(List.of("user 7", "user 8", "scenario x", "user 9"))))
          .hasMessageStartingWith(
              "[knowledge/NO_VECTOR] 3 of the 4 keys of this call have no vector: user 8, scenario"
                  + " x, user 9. File")
          .hasMessageContainingAll("users.parquet, whose 6 keys begin with [7, 007, ann", "zero");
    }
  }

  @Test
  void allMissingKeysAreCountedBeforeTheFirstIsRead() {
    List<String> keys = IntStream.range(0, 5_000).mapToObj(Integer::toString).toList();
    try (PrecomputedEncoder encoder = open("users.parquet", Missing.FAIL);
        PrecomputedEncoder zeros = open("users.parquet", Missing.ZERO)) {
      zeros.expect(Level.USER, keys);
      encoder.expect(Level.USER, List.of("7", "007", "ann"));
      assertThat(failure(() -> encoder.expect(Level.USER, keys)))
          .hasMessageStartingWith(
              "[knowledge/NO_VECTOR] 4,999 of the 5,000 users have no vector: 0, 1, 2, 3, 4, ....")
          .hasMessageContaining("users.parquet");
      assertThat(failure(() -> encoder.expect(Level.SCENARIO, List.of("x"))))
          .hasMessageStartingWith("[knowledge/NO_VECTOR] 1 of the 1 scenarios have no vector: x.")
          .hasMessageContaining("scenarios.csv");
    }
  }

  @Test
  void missingKeysGetZerosOrTheMean() {
    try (PrecomputedEncoder zeros = open("users.parquet", Missing.ZERO);
        PrecomputedEncoder means = open("users.parquet", Missing.MEAN)) {
      assertThat(vector(zeros, "user 8")).containsOnly(0f).hasSize(5);
      assertThat(vector(means, "user 8")).containsExactly(expected.mean(), within(1e-6f));
      assertThat(vector(means, "scenario 8")).containsExactly(0.5f, 0.75f, 0, 1.625f, 1.9375f);
      assertThat(means.info()).isNotEqualTo(zeros.info());
      assertThat(means.info().checksum()).isEqualTo(zeros.info().checksum());
      try (PrecomputedEncoder none = open("users.parquet", Missing.FAIL)) {
        assertThat(none.info()).isNotEqualTo(zeros.info());
      }
    }
  }

  @Test
  void saysAtTheEndHowManyWereMissing() {
    Logger logger = (Logger) LoggerFactory.getLogger(PrecomputedEncoder.class);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    logger.addAppender(log);
    PrecomputedEncoder encoder = open("users.parquet", Missing.ZERO);
    encoder.encode(IntStream.range(0, 1008).mapToObj(i -> "user " + i).toList());
    encoder.encode(List.of("scenario x"));
    encoder.close();
    encoder.close();
    logger.detachAppender(log);
    assertThat(log.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .containsExactly(
            "1,008 keys have no vector in users.parquet and scenarios.csv and got zeros: user 0,"
                + " user 1, user 2, user 3, user 4, ...");
  }

  @Test
  void anotherFileIsAnotherIdentity() {
    try (PrecomputedEncoder first = open("users.npy", Missing.ZERO);
        PrecomputedEncoder other = open("halves.npy", Missing.ZERO)) {
      assertThat(first.info().checksum()).isNotEqualTo(other.info().checksum());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "compressed.feather: compress",
        "columns.npy: little-endian float16, float32 or float64",
        "numbers.npy: little-endian float16, float32 or float64"
      })
  void refusesWhatItCannotRead(String fileAndReason) {
    String[] parts = fileAndReason.split(": ", 2);
    assertThat(failure(() -> open(parts[0], Missing.ZERO)))
        .hasMessageContainingAll(parts[0], parts[1]);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "k,v\\n1,[1 2]\\n1,[1 2]\\n | the key 1 occurs twice",
        "k,v\\n1,[1 2]\\n2,[1]\\n | the vector of 2 has 1 numbers, those before have 2",
        "k,v\\n1,[1 nan]\\n | number 1 of the vector of 1 is NaN",
        "k,v\\n1,[]\\n | the vector of 1 is empty",
        "k,v\\n,[1 2]\\n | row 1 has no key",
        "k,v\\n1,\\n | the key 1 has a null in place of a vector",
        "k,v\\n1,[1 two]\\n | cannot read vectors: Conversion Error",
        "k,a,b\\n1,1,x\\n | cannot read vectors: Conversion Error",
        "k,a,b\\n1,1,\\n | number 1 of the vector of 1 is NaN",
        "k,v\\n1,[1 2]\\n2,[1 2],3,4\\n | row 2 has more columns than the header, which has 2",
        "k,v\\n1,\"[1\\n 2]\"\\n2,[1,2]\\n | row 2 has more columns than the header, which has 2",
        "k,v\\n1,[1 2]\\n2\\n | row 2 has fewer columns than the header, which has 2",
        "k,v\\n1,\"[1 2]\\n2,[3 4]\\n | row 1 cannot be told apart from the next",
        "k,v\\n | it has no rows",
        "k\\n1\\n | it has only the column k"
      })
  void refusesWrongRows(String content, String reason) throws IOException {
    Path file = scratch.resolve("wrong.csv");
    Files.writeString(file, content.strip().replace("\\n", "\n"));
    assertThat(failure(() -> open(file.toString(), Missing.ZERO)))
        .hasMessageContainingAll(reason, "wrong.csv");
  }

  @Test
  void refusesAMatrixThatIsCutOrHasOtherKeys() throws IOException {
    byte[] whole = Files.readAllBytes(files.resolve("users.npy"));
    Path file = scratch.resolve("cut.npy");
    Path keys = scratch.resolve("cut.keys.txt");
    Files.write(file, whole);
    assertThat(failure(() -> open(file.toString(), Missing.ZERO)))
        .hasMessageContaining("no file " + keys);
    for (String names : List.of("a\nb\n", "a\nb\nc\nd\ne\nf\ng\n")) {
      Files.writeString(keys, names);
      assertThat(failure(() -> open(file.toString(), Missing.ZERO)))
          .hasMessageContaining("it has 6 rows");
    }
    for (int length = 0; length < whole.length; length += 7) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThat(failure(() -> open(file.toString(), Missing.ZERO)))
          .hasMessageStartingWith("[knowledge/VECTORS_NOT_READABLE]");
    }
  }

  @Test
  void refusesFilesThatAreNotThereAndOtherFormats() throws IOException {
    assertThat(failure(() -> new PrecomputedFactory().check(config("no.csv", Missing.ZERO), files)))
        .hasMessageStartingWith("[knowledge/VECTORS_NOT_FOUND] no file");
    Path other = Files.writeString(scratch.resolve("users.pkl"), "");
    assertThat(failure(() -> open(other.toString(), Missing.ZERO)))
        .hasMessageStartingWith("[knowledge/VECTORS_FORMAT]");
  }

  @Test
  void refusesLevelsOfDifferentLength() throws IOException {
    Path users = Files.writeString(scratch.resolve("three.csv"), "k,v\n1,[1 2 3]\n", UTF_8);
    assertThat(failure(() -> open(users.toString(), Missing.ZERO)))
        .hasMessageContaining("the vectors of users have 3 numbers, those of scenarios 5");
  }

  @Test
  void itemsHaveAFileOfTheirOwn() {
    PrecomputedConfig config =
        new PrecomputedConfig(
            "users.parquet", "scenarios.csv", "users.npy", null, null, Missing.FAIL, "precomputed");
    try (PrecomputedEncoder encoder = PrecomputedEncoder.open(config, context())) {
      encoder.expect(Level.ITEM, List.of("ann"));
      assertThat(vector(encoder, "item ann")).isEqualTo(expected.float32().get("ann"));
      assertThat(failure(() -> encoder.expect(Level.ITEM, List.of("ann", "none"))))
          .hasMessageContaining("1 of the 2 items have no vector: none. File");
    }
  }

  @Test
  void itemsWithoutAFileAreRefusedWithTheSetting() {
    try (PrecomputedEncoder encoder = open("users.parquet", Missing.ZERO)) {
      assertThat(failure(() -> encoder.expect(Level.ITEM, List.of("a"))))
          .hasMessageContaining("[knowledge/NO_FILE]")
          .hasMessageContaining("Set knowledge.encoder.items");
    }
  }

  private PrecomputedEncoder open(String users, Missing missing) {
    return PrecomputedEncoder.open(config(users, missing), context());
  }

  private EncoderContext context() {
    return new EncoderContext() {
      @Override
      public Path base() {
        return files;
      }

      @Override
      public Path scratch() {
        return scratch;
      }

      @Override
      public int threads() {
        return 2;
      }
    };
  }

  private static PrecomputedConfig config(String users, Missing missing) {
    return config(users, missing, null, null);
  }

  private static PrecomputedConfig config(
      String users, Missing missing, String key, String vector) {
    return new PrecomputedConfig(users, "scenarios.csv", null, key, vector, missing, "precomputed");
  }

  private static float[] vector(PrecomputedEncoder encoder, String text) {
    return encoder.encode(List.of(text)).get(0).vector();
  }

  private static MsrException failure(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    return catchThrowableOfType(MsrException.class, call);
  }
}
