package org.llm4msr.plugins.llamacpp;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import de.kherud.llama.LlamaModel;
import de.kherud.llama.ModelParameters;
import de.kherud.llama.args.PoolingType;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;

/** The other end of {@link LlamaProcess}; ends with its socket. */
final class LlamaWorker {

  private static final int REFUSED = 1;

  private LlamaWorker() {}

  /**
   * Loads a model and answers; takes file, tokens, threads, port, and a secret on standard input.
   */
  @SuppressWarnings("CatchAndPrintStackTrace") // The parent shows the log.
  public static void main(String[] args) {
    int code = 0;
    outliveInterrupts();
    try {
      String secret = new String(System.in.readAllBytes(), US_ASCII);
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(args[3]));
          DataInputStream in =
              new DataInputStream(new BufferedInputStream(socket.getInputStream()));
          DataOutputStream out =
              new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()))) {
        out.writeUTF(secret);
        serve(args, in, out);
      }
    } catch (EOFException e) {
      // The parent has closed the socket or ended.
    } catch (IOException | RuntimeException e) {
      e.printStackTrace();
      code = 1;
    }
    // The native library's thread would keep this process.
    Runtime.getRuntime().halt(code);
  }

  /** Ctrl-C reaches this process as well; the parent ends it once the current call is stored. */
  private static void outliveInterrupts() {
    Thread worker = Thread.currentThread();
    Runnable wait =
        () -> {
          try {
            worker.join();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    Runtime.getRuntime().addShutdownHook(new Thread(wait));
  }

  private static void serve(String[] args, DataInputStream in, DataOutputStream out)
      throws IOException {
    LlamaModel model;
    try {
      model = load(args[0], Integer.parseInt(args[1]), Integer.parseInt(args[2]));
    } catch (RuntimeException | LinkageError e) { // The library's own type is not public.
      refuse(out, e);
      return;
    }
    out.writeByte(LlamaProcess.DONE);
    out.flush();
    while (true) {
      int question = in.readByte();
      byte[] text = new byte[in.readInt()];
      in.readFully(text);
      answer(model, question, new String(text, UTF_8), out);
      out.flush();
    }
  }

  /** A prompt must fit into one batch, and the pooling must be set, or the library aborts. */
  private static LlamaModel load(String file, int tokens, int threads) {
    return new LlamaModel(
        new ModelParameters()
            .setModel(file)
            .enableEmbedding()
            .setPoolingType(PoolingType.LAST)
            .setCtxSize(tokens)
            .setBatchSize(tokens)
            .setUbatchSize(tokens)
            .setThreads(threads)
            .setThreadsBatch(threads)
            .setParallel(1)
            .disableLog());
  }

  private static void answer(LlamaModel model, int question, String text, DataOutputStream out)
      throws IOException {
    try {
      if (question == LlamaProcess.COUNT) {
        int tokens = model.encode(text).length;
        out.writeByte(LlamaProcess.DONE);
        out.writeInt(tokens);
      } else {
        float[] vector = model.embed(text);
        out.writeByte(LlamaProcess.DONE);
        out.writeInt(vector.length);
        for (float value : vector) {
          out.writeFloat(value);
        }
      }
    } catch (RuntimeException e) {
      refuse(out, e);
    }
  }

  private static void refuse(DataOutputStream out, Throwable cause) throws IOException {
    out.writeByte(REFUSED);
    out.writeUTF(String.valueOf(cause.getMessage()));
    out.flush();
  }
}
