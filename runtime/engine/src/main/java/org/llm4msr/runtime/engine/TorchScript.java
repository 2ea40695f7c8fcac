package org.llm4msr.runtime.engine;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.llm4msr.api.Script;

/** A TorchScript module without parameters, from the source of its methods. */
final class TorchScript implements Script {

  private static final String CLASS =
      """
      class M(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        _is_full_backward_hook : Optional[bool]
      """;

  private final NDManager manager;
  private final PtSymbolBlock block;

  private TorchScript(NDManager manager, PtSymbolBlock block) {
    this.manager = manager;
    this.block = block;
  }

  static TorchScript compile(Engine engine, Device device, String methods) {
    NDManager manager = engine.newBaseManager(device);
    try {
      ByteArrayInputStream archive = new ByteArrayInputStream(archive(methods));
      return new TorchScript(
          manager, JniUtils.loadModule((PtNDManager) manager, archive, true, false));
    } catch (IOException e) {
      manager.close();
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  @Override
  public NDList call(NDManager owner, String method, NDList... arguments) {
    IValue[] values =
        Stream.of(arguments)
            .map(list -> list.stream().map(PtNDArray.class::cast).toArray(PtNDArray[]::new))
            .map(IValue::listFrom)
            .toArray(IValue[]::new);
    // Set for this thread. Otherwise fused kernels are compiled from the third call on, which
    // crashed the JVM with bfloat16 and gives other last bits than the first calls.
    JniUtils.setGraphExecutorOptimize(false);
    try (IValue result = IValueUtils.runMethod(block, method, values)) {
      return new NDList(result.toTensorArray((PtNDManager) owner));
    } finally {
      Stream.of(values).forEach(IValue::close);
    }
  }

  /** What {@code torch.jit.save} writes: a zip file, not compressed. */
  private static byte[] archive(String methods) throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("m/data.pkl", object());
    files.put("m/code/__torch__.py", (CLASS + methods).getBytes(StandardCharsets.UTF_8));
    files.put("m/constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
    files.put("m/version", "10\n".getBytes(StandardCharsets.UTF_8));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.setMethod(ZipOutputStream.STORED);
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        ZipEntry entry = new ZipEntry(file.getKey());
        CRC32 sum = new CRC32();
        sum.update(file.getValue());
        entry.setSize(file.getValue().length);
        entry.setCrc(sum.getValue());
        zip.putNextEntry(entry);
        zip.write(file.getValue());
      }
    }
    return bytes.toByteArray();
  }

  /** Pickle protocol 2: an object of class M whose {@code training} is false. */
  private static byte[] object() {
    ByteArrayOutputStream pickle = new ByteArrayOutputStream();
    pickle.writeBytes(new byte[] {(byte) 0x80, 2});
    pickle.writeBytes("c__torch__\nM\n)".getBytes(StandardCharsets.US_ASCII));
    pickle.writeBytes(new byte[] {(byte) 0x81, '}', '('});
    key(pickle, "training");
    pickle.write(0x89);
    key(pickle, "_is_full_backward_hook");
    pickle.writeBytes("Nub.".getBytes(StandardCharsets.US_ASCII));
    return pickle.toByteArray();
  }

  private static void key(ByteArrayOutputStream pickle, String name) {
    byte[] text = name.getBytes(StandardCharsets.US_ASCII);
    pickle.writeBytes(new byte[] {'X', (byte) text.length, 0, 0, 0});
    pickle.writeBytes(text);
  }

  @Override
  public void close() {
    block.close();
    manager.close();
  }
}
