package org.llm4msr.endtoend;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/**
 * What the POM of a module says.
 *
 * @param modules folders of the modules that it lists
 * @param uses artifacts of ours that its main code uses
 */
record Pom(String artifact, String description, List<String> modules, Set<String> uses) {

  /** Returns the POMs of the build by the folders of their modules, without that of the root. */
  static Map<String, Pom> all() throws IOException {
    Map<String, Pom> all = new LinkedHashMap<>();
    collect("", read(Modules.ROOT), all);
    return all;
  }

  private static void collect(String prefix, Pom parent, Map<String, Pom> all) throws IOException {
    for (String module : parent.modules()) {
      String folder = prefix + module;
      Pom pom = read(Modules.ROOT.resolve(folder));
      all.put(folder, pom);
      collect(folder + "/", pom, all);
    }
  }

  private static Pom read(Path folder) throws IOException {
    try {
      Element project =
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(folder.resolve("pom.xml").toFile())
              .getDocumentElement();
      Set<String> uses =
          children(project, "dependencies")
              .flatMap(all -> children(all, "dependency"))
              .filter(dependency -> text(dependency, "groupId").equals("org.llm4msr"))
              .filter(dependency -> !text(dependency, "scope").equals("test"))
              .map(dependency -> text(dependency, "artifactId"))
              .collect(Collectors.toSet());
      List<String> modules =
          children(project, "modules")
              .flatMap(all -> children(all, "module"))
              .map(Node::getTextContent)
              .toList();
      return new Pom(text(project, "artifactId"), text(project, "description"), modules, uses);
    } catch (ParserConfigurationException | SAXException e) {
      throw new IOException(folder + " has no POM that can be read", e);
    }
  }

  private static String text(Element parent, String name) {
    return children(parent, name).map(Node::getTextContent).collect(Collectors.joining());
  }

  private static Stream<Element> children(Element parent, String name) {
    return IntStream.range(0, parent.getChildNodes().getLength())
        .mapToObj(parent.getChildNodes()::item)
        .filter(node -> node.getNodeName().equals(name))
        .map(Element.class::cast);
  }
}
