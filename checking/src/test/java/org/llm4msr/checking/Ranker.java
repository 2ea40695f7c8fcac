package org.llm4msr.checking;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.runtime.plugins.TestJar;

/** Source and jar of a linear backbone {@code acme}, sound unless a test says otherwise. */
record Ranker(String settings, String logit) {

  static final String MODEL = "com/acme/Ranker.class";

  static Ranker sound() {
    return new Ranker("@Setting(value = \"A bias\", defaultValue = \"true\") boolean bias", "y");
  }

  /** Sets the components of the settings; {@code boolean bias} is one of them. */
  Ranker settings(String components) {
    return new Ranker(components, logit);
  }

  /** Sets the logits that {@code forward} returns, made of the linear ones, {@code y}. */
  Ranker logit(String expression) {
    return new Ranker(settings, expression);
  }

  TestJar jar(Path file) {
    return TestJar.at(file)
        .source("com.acme.RankerFactory", factory())
        .source("com.acme.Ranker", model())
        .service(BackboneFactory.class, "com.acme.RankerFactory\n");
  }

  private String factory() {
    return """
        package com.acme;
        import java.util.Set;
        import org.llm4msr.api.*;
        import org.llm4msr.api.model.*;
        @Plugin(name = "acme", description = "A linear model")
        public final class RankerFactory implements BackboneFactory<RankerFactory.Config> {
          public record Config(%s) {}
          public Class<Config> configType() { return Config.class; }
          public Backbone create(Config config, ModelContext context) { return new Ranker(context); }
          public boolean hasHidden(Config config) { return false; }
          public Set<ModelInput> inputs(Config config) { return Set.of(); }
        }
        """
        .formatted(settings);
  }

  private String model() {
    return """
        package com.acme;
        import ai.djl.ndarray.NDArray;
        import ai.djl.ndarray.types.Shape;
        import org.llm4msr.api.model.*;
        final class Ranker implements Backbone {
          private final Parameter weight;
          Ranker(ModelContext context) {
            weight = context.parameter("weight", new Shape(context.layout().width(), 1), Initializer.zeros(), Decay.YES);
          }
          public BackboneOutput forward(Pass pass, Features features) {
            NDArray y = features.flat().matMul(weight.array()).squeeze(-1);
            return new BackboneOutput(null, %s);
          }
          public int hiddenSize() { return 0; }
        }
        """
        .formatted(logit);
  }

  /** Changes one entry of a jar, and writes all of them as they are, without compression. */
  static void change(Path jar, String name, UnaryOperator<byte[]> change) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      for (ZipEntry entry : Collections.list(zip.entries())) {
        byte[] content = zip.getInputStream(entry).readAllBytes();
        entries.put(
            entry.getName(), entry.getName().equals(name) ? change.apply(content) : content);
      }
    }
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
      for (Map.Entry<String, byte[]> content : entries.entrySet()) {
        ZipEntry entry = new ZipEntry(content.getKey());
        CRC32 sum = new CRC32();
        sum.update(content.getValue());
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.getValue().length);
        entry.setCrc(sum.getValue());
        out.putNextEntry(entry);
        out.write(content.getValue());
      }
    }
  }

  /** Changes bytes of a jar, whose sums stay. */
  static void flip(Path jar, String text, String other) throws IOException {
    byte[] bytes = Files.readAllBytes(jar);
    int at = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf(text);
    System.arraycopy(other.getBytes(UTF_8), 0, bytes, at, text.length());
    Files.write(jar, bytes);
  }
}
