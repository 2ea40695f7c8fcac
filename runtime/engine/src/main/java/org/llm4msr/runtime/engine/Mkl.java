package org.llm4msr.runtime.engine;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Products of many matrices of different sizes in one call of MKL, which PyTorch brings along on
 * x86. The engine itself has only products of equal sizes.
 */
public final class Mkl {

  private static final Logger LOG = LoggerFactory.getLogger(Mkl.class);

  private static final int ROW_MAJOR = 101;
  private static final int AS_IT_IS = 111;
  private static final int TRANSPOSED = 112;

  /** Of sparse matrices. */
  private static final int NOT_TRANSPOSED = 10;

  private static final int GENERAL = 20;

  /** The numbers of four bytes per group: nine sizes, two factors. */
  private static final int NUMBERS = 11;

  private static final ThreadLocal<ByteBuffer> ARGUMENTS =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(0));

  private Mkl() {}

  /** Returns whether PyTorch, which must be loaded, brings it along. */
  static boolean isThere() {
    return Loaded.FOUND;
  }

  /** Returns whether arrays of a manager can be multiplied. */
  public static boolean serves(NDManager manager) {
    return manager.getEngine().getEngineName().equals(PyTorchEngine.NAME)
        && manager.getDevice().equals(Device.cpu())
        && isThere();
  }

  /**
   * Returns whether products of few rows with a transposed matrix take so long that it pays to
   * transpose the rows instead: on AMD's processors they reach half of the usual rate, on Intel's
   * three quarters.
   */
  public static boolean isSlowTransposed() {
    return Loaded.SLOW_TRANSPOSED;
  }

  /** Looked up on first use, when the engine is loaded. */
  private static final class Loaded {
    private static final boolean FOUND = find();
    private static final boolean SLOW_TRANSPOSED = CpuInfo.read().isAmd();
  }

  private static boolean find() {
    try {
      MklFunctions.bind();
      return true;
    } catch (LinkageError e) {
      LOG.debug("PyTorch has no MKL", e);
      return false;
    }
  }

  /** Returns the memory of an array; a copy of it where it is not contiguous. */
  public static ByteBuffer bytes(NDArray array) {
    return JniUtils.getByteBuffer((PtNDArray) array, true).order(ByteOrder.nativeOrder());
  }

  /** Returns the values of an array, to read; to write where it is contiguous. */
  public static FloatBuffer floats(NDArray array) {
    return bytes(array).asFloatBuffer();
  }

  /** Returns the address of the values of an array; of a copy where they are not contiguous. */
  public static long address(NDArray array) {
    return address(bytes(array));
  }

  /** Returns the address of memory outside the heap. */
  public static long address(Buffer memory) {
    return Pointer.nativeValue(Native.getDirectBufferPointer(memory));
  }

  /** Runs calls, none of which uses a thread beside the calling one. */
  public static void onThisThreadAlone(Runnable calls) {
    int before = MklFunctions.MKL_Set_Num_Threads_Local(1);
    try {
      calls.run();
    } finally {
      MklFunctions.MKL_Set_Num_Threads_Local(before);
    }
  }

  /**
   * Writes the transposed (n, m) of a matrix (m, n) of float32.
   *
   * @param rowOfMatrix how many numbers its rows are apart
   * @param rowOfResult likewise
   */
  public static void transpose(int m, int n, long from, int rowOfMatrix, long to, int rowOfResult) {
    MklFunctions.MKL_Somatcopy((byte) 'R', (byte) 'T', m, n, 1, from, rowOfMatrix, to, rowOfResult);
  }

  /**
   * Multiplies matrices (m, k) and (k, n) of bfloat16 at addresses a and b: C = op(A) op(B) + beta
   * C, in float32. Sizes are those of {@link Call#group}.
   */
  public static void multiplyHalves(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      long a,
      int rowOfA,
      long b,
      int rowOfB,
      float beta,
      long c,
      int rowOfC) {
    MklFunctions.cblas_gemm_bf16bf16f32(
        ROW_MAJOR,
        transposeA ? TRANSPOSED : AS_IT_IS,
        transposeB ? TRANSPOSED : AS_IT_IS,
        m,
        n,
        k,
        1,
        a,
        rowOfA,
        b,
        rowOfB,
        beta,
        c,
        rowOfC);
  }

  /**
   * Multiplies a sparse matrix by a dense one: Y = A X + beta Y.
   *
   * @param rows of A, m
   * @param columns of A, k
   * @param starts address of where the numbers of each row begin, and the last end: m + 1 ints
   * @param columnsOfNumbers address of the column of each number
   * @param numbers address of the numbers
   * @param n columns of X (k, n) and Y (m, n)
   * @param beta 0 or 1
   */
  public static void multiplySparse(
      int rows,
      int columns,
      long starts,
      long columnsOfNumbers,
      long numbers,
      int n,
      long x,
      int rowOfX,
      float beta,
      long y,
      int rowOfY) {
    ByteBuffer handles = arguments(Long.BYTES);
    long ends = starts + Integer.BYTES;
    check(
        MklFunctions.mkl_sparse_s_create_csr(
            address(handles), 0, rows, columns, starts, ends, columnsOfNumbers, numbers));
    long handle = handles.getLong(0);
    try {
      check(
          MklFunctions.mkl_sparse_s_mm(
              NOT_TRANSPOSED, 1, handle, GENERAL, 0, ROW_MAJOR, x, n, rowOfX, beta, y, rowOfY));
    } finally {
      check(MklFunctions.mkl_sparse_destroy(handle));
    }
  }

  private static void check(int status) {
    if (status != 0) {
      throw new IllegalStateException("MKL refuses a sparse product with the status " + status);
    }
  }

  /** Returns memory of the calling thread for what one call is given. */
  private static ByteBuffer arguments(int bytes) {
    ByteBuffer memory = ARGUMENTS.get();
    if (memory.capacity() < bytes) {
      memory = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
      ARGUMENTS.set(memory);
    }
    return memory;
  }

  /** The products of one call: in each group e of op(A) op(B) + beta C to C. */
  public static final class Call {

    private final int groups;
    private final int each;
    private final ByteBuffer arguments;
    private final long address;
    private int group;
    private int product;

    /**
     * Begins a call.
     *
     * @param groups how many there are
     * @param each e
     */
    public Call(int groups, int each) {
      this.groups = groups;
      this.each = each;
      arguments = arguments(groups * (NUMBERS * Integer.BYTES + 3 * each * Long.BYTES));
      address = address(arguments);
    }

    /**
     * Begins a group: products of (m, k) and (k, n).
     *
     * @param transposeA whether A lies as (k, m)
     * @param transposeB whether B lies as (n, k)
     * @param a how many numbers in memory the rows of A are apart; {@code b} and {@code c} likewise
     * @param beta 0 or 1
     */
    public Call group(
        boolean transposeA,
        boolean transposeB,
        int m,
        int n,
        int k,
        int a,
        int b,
        int c,
        float beta) {
      number(0, transposeA ? TRANSPOSED : AS_IT_IS);
      number(1, transposeB ? TRANSPOSED : AS_IT_IS);
      number(2, m);
      number(3, n);
      number(4, k);
      number(5, a);
      number(6, b);
      number(7, c);
      number(8, each);
      number(9, Float.floatToRawIntBits(1));
      number(10, Float.floatToRawIntBits(beta));
      group++;
      return this;
    }

    /** Adds a product of the group that was begun. */
    public void product(long a, long b, long c) {
      matrix(0, a);
      matrix(1, b);
      matrix(2, c);
      product++;
    }

    public void run() {
      MklFunctions.cblas_sgemm_batch(
          ROW_MAJOR,
          numbers(0),
          numbers(1),
          numbers(2),
          numbers(3),
          numbers(4),
          numbers(9),
          matrices(0),
          numbers(5),
          matrices(1),
          numbers(6),
          numbers(10),
          matrices(2),
          numbers(7),
          groups,
          numbers(8));
    }

    private void number(int which, int value) {
      arguments.putInt(matricesEnd() + (which * groups + group) * Integer.BYTES, value);
    }

    private void matrix(int which, long value) {
      arguments.putLong((which * groups * each + product) * Long.BYTES, value);
    }

    private int matricesEnd() {
      return 3 * groups * each * Long.BYTES;
    }

    private long numbers(int which) {
      return address + matricesEnd() + (long) which * groups * Integer.BYTES;
    }

    private long matrices(int which) {
      return address + (long) which * groups * each * Long.BYTES;
    }
  }
}
