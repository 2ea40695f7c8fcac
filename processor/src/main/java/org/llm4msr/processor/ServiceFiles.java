package org.llm4msr.processor;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import javax.annotation.processing.Filer;
import javax.annotation.processing.ProcessingEnvironment;
import javax.lang.model.element.TypeElement;
import javax.lang.model.util.Elements;
import javax.tools.Diagnostic;
import javax.tools.StandardLocation;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.SpiVersion;

/** Writes the files by which a plugin's jar is recognised. */
final class ServiceFiles {

  private static final String SERVICES = "META-INF/services/";
  private static final String MANIFEST = "META-INF/MANIFEST.MF";

  private final ProcessingEnvironment environment;
  private final Filer filer;
  private final Elements elements;

  ServiceFiles(ProcessingEnvironment environment) {
    this.environment = environment;
    this.filer = environment.getFiler();
    this.elements = environment.getElementUtils();
  }

  /** Writes a services file for each factory type, and the SPI version into the manifest. */
  void write(Map<String, Set<String>> services) {
    services.forEach(this::writeService);
    Manifest manifest = new Manifest();
    try (InputStream existing = open(MANIFEST)) {
      manifest.read(existing);
    } catch (IOException e) {
      // There is none yet.
    }
    Attributes attributes = manifest.getMainAttributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.putValue(SpiVersion.MANIFEST_ENTRY, SpiVersion.CURRENT.toString());
    write(MANIFEST, manifest::write);
  }

  private void writeService(String kind, Set<String> factories) {
    Set<String> all = new TreeSet<>(factories);
    all.addAll(existing(kind));
    String lines = String.join("\n", all) + "\n";
    write(SERVICES + kind, out -> out.write(lines.getBytes(UTF_8)));
  }

  /** If the compiler gets only the changed files, the factories of the others must not be lost. */
  private Set<String> existing(String kind) {
    Set<String> factories = new TreeSet<>();
    try (InputStream in = open(SERVICES + kind)) {
      for (String line : new String(in.readAllBytes(), UTF_8).split("\\R")) {
        TypeElement type = elements.getTypeElement(line.strip().replace('$', '.'));
        if (type != null && type.getAnnotation(Plugin.class) != null) {
          factories.add(line.strip());
        }
      }
    } catch (IOException e) {
      // There is none yet.
    }
    return factories;
  }

  private InputStream open(String name) throws IOException {
    return filer.getResource(StandardLocation.CLASS_OUTPUT, "", name).openInputStream();
  }

  private interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  private void write(String name, Content content) {
    try (OutputStream out =
        filer.createResource(StandardLocation.CLASS_OUTPUT, "", name).openOutputStream()) {
      content.writeTo(out);
    } catch (IOException e) {
      environment
          .getMessager()
          .printMessage(Diagnostic.Kind.ERROR, name + " could not be written: " + e.getMessage());
    }
  }
}
