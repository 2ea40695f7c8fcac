package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.cli.InProcess;
import org.llm4msr.runtime.download.DatasetDownload;
import org.llm4msr.runtime.download.PublishedDataset;
import org.llm4msr.runtime.download.PublishedDataset.PublishedFile;

/** Captions of KuaiRand, from a server into prompts. */
class CaptionsTest {

  private static final int VIDEOS = 300;
  private static final List<String> FILES =
      List.of("kuairand_video_captions.csv", "kuairand_video_categories.csv");

  @TempDir Path folder;

  @Test
  void theFirstRowsOfCaptionsAndCategoriesGetIntoTextsAndPrompts() throws Exception {
    Path raw = folder.resolve("raw");
    GeneratedData.write(
        raw, "kuairand captions=true", "interactions=3000", "users=40", "items=" + VIDEOS);
    Path served = raw.resolve("data");
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", exchange -> sendRange(exchange, served));
    server.start();
    Path data = folder.resolve("data");
    try {
      String address = "http://127.0.0.1:" + server.getAddress().getPort() + "/";
      List<PublishedFile> files =
          FILES.stream()
              .map(name -> new PublishedFile(address + name, 30_000L, null, null, null, 100))
              .toList();
      PublishedDataset dataset =
          new PublishedDataset(
              "kuairand", "KuaiRand", "kuairand", "page", "none", List.of(), files, null);
      new DatasetDownload(ProxySelector.of(null))
          .load(dataset, List.of(), "none", data, Progress.NONE);
    } finally {
      server.stop(0);
    }
    copyOthers(served, data);
    Path experiment = folder.resolve("experiment.yaml");
    Files.writeString(
        experiment,
        """
        workspace: work
        dataset: { name: kuairand, path: data }
        knowledge: { encoder: { name: hash }, items: {} }
        model: { backbone: { name: mmoe }, itemKnowledge: {} }
        """);
    InProcess.run("data", "prepare", experiment.toString());

    String prompts = InProcess.run("knowledge", "extract", "--dry-run", experiment.toString());

    String caption = Files.readAllLines(served.resolve(FILES.get(0))).get(1);
    String category = Files.readAllLines(served.resolve(FILES.get(1))).get(1).split(",")[2];
    String text = caption.substring(caption.indexOf('#'), caption.indexOf(", "));
    assertThat(prompts).contains(text).contains(category.replace("\"", ""));
  }

  private static void sendRange(HttpExchange exchange, Path served) throws IOException {
    try (exchange) {
      byte[] content =
          Files.readAllBytes(served.resolve(exchange.getRequestURI().getPath().substring(1)));
      String[] ends = exchange.getRequestHeaders().getFirst("Range").split("[=-]");
      int length = Math.min(Integer.parseInt(ends[2]) + 1, content.length);
      exchange.getResponseHeaders().set("Content-Range", "bytes 0-%d/*".formatted(length - 1));
      exchange.sendResponseHeaders(206, length);
      exchange.getResponseBody().write(content, 0, length);
    }
  }

  private static void copyOthers(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file :
          files.filter(file -> !Files.exists(to.resolve(file.getFileName()))).toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }
}
