package org.llm4msr.exchange;

import java.io.IOException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.flight.FlightServer;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.exchange.ExchangeProvider;
import org.llm4msr.runtime.exchange.ExchangeRequest;
import org.llm4msr.runtime.exchange.ExchangeServer;

/** Starts Arrow Flight servers over gRPC, without encryption. */
public final class FlightExchange implements ExchangeProvider {

  @Override
  public ExchangeServer start(ExchangeRequest request) {
    DatasetManifest manifest;
    try (PreparedData data = PreparedData.open(request.prepared())) {
      manifest = data.manifest();
    }
    Tables tables = new Tables(manifest, request);
    BufferAllocator allocator = new RootAllocator();
    ExecutorService threads = Executors.newCachedThreadPool(FlightExchange::thread);
    try {
      Location location = Location.forGrpcInsecure(request.host(), request.port());
      FlightServer server =
          FlightServer.builder(
                  allocator, location, new Producer(tables, documents(request), allocator))
              .executor(threads)
              .build()
              .start();
      return new Running(request.host(), server, tables.paths(), threads, allocator);
    } catch (IOException | IllegalArgumentException e) {
      threads.shutdown();
      allocator.close();
      Throwable cause = e.getCause() == null ? e : e.getCause();
      String reason =
          cause instanceof UnresolvedAddressException ? "unknown host" : cause.getMessage();
      throw new MsrException(
          ErrorType.USER,
          "exchange/ADDRESS",
          "The server cannot listen on port %d of %s: %s. Choose another with --port, or 0 for any that is free; --host is an address of this machine."
              .formatted(request.port(), request.host(), reason),
          e);
    }
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "llm4msr-exchange");
    thread.setDaemon(true);
    return thread;
  }

  private static Map<String, Path> documents(ExchangeRequest request) {
    Map<String, Path> documents = new TreeMap<>();
    documents.put("manifest", request.prepared().resolve("dataset.json"));
    documents.put("statistics", request.prepared().resolve("statistics.json"));
    if (request.knowledge() != null) {
      documents.put("knowledge", request.knowledge().folder().resolve("store.json"));
    }
    documents.values().removeIf(file -> !Files.exists(file));
    return documents;
  }

  private static final class Running implements ExchangeServer {
    private static final long SECONDS_TO_END = 10;

    private final String host;
    private final FlightServer server;
    private final List<List<String>> tables;
    private final ExecutorService threads;
    private final BufferAllocator allocator;

    Running(
        String host,
        FlightServer server,
        List<List<String>> tables,
        ExecutorService threads,
        BufferAllocator allocator) {
      this.host = host;
      this.server = server;
      this.tables = tables;
      this.threads = threads;
      this.allocator = allocator;
    }

    @Override
    public String address() {
      String name = host.contains(":") ? "[" + host + "]" : host;
      return "grpc://" + name + ":" + server.getPort();
    }

    @Override
    public List<List<String>> tables() {
      return tables;
    }

    @Override
    public void await() throws InterruptedException {
      server.awaitTermination();
    }

    @Override
    public synchronized void close() {
      try {
        server.close();
        threads.shutdown();
        if (threads.awaitTermination(SECONDS_TO_END, TimeUnit.SECONDS)) {
          allocator.close();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
