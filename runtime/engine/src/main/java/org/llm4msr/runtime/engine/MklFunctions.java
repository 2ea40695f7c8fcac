package org.llm4msr.runtime.engine;

import ai.djl.pytorch.jni.LibUtils;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.nio.file.Path;

/** Functions of MKL under their own names; arrays and matrices are addresses. */
@SuppressWarnings("MemberName")
final class MklFunctions {

  static {
    Path path = Path.of(LibUtils.getLibtorchPath(), System.mapLibraryName("torch_cpu"));
    Native.register(MklFunctions.class, NativeLibrary.getInstance(path.toString()));
  }

  private MklFunctions() {}

  /**
   * Makes sure that they are bound.
   *
   * @throws LinkageError if PyTorch brings no MKL
   */
  static void bind() {
    // The class is initialised.
  }

  static native int MKL_Set_Num_Threads_Local(int threads);

  static native void cblas_sgemm_batch(
      int layout,
      long transposeA,
      long transposeB,
      long m,
      long n,
      long k,
      long alpha,
      long a,
      long rowOfA,
      long b,
      long rowOfB,
      long beta,
      long c,
      long rowOfC,
      int groups,
      long sizes);

  static native void MKL_Somatcopy(
      byte layout,
      byte transpose,
      long rows,
      long columns,
      float factor,
      long a,
      long rowOfA,
      long b,
      long rowOfB);

  static native int mkl_sparse_s_create_csr(
      long handle,
      int indexing,
      int rows,
      int columns,
      long starts,
      long ends,
      long columnsOfNumbers,
      long numbers);

  /**
   * Multiplies.
   *
   * @param kind the first eight bytes of a structure of three numbers, which come by value
   * @param diagonal the third number
   */
  static native int mkl_sparse_s_mm(
      int operation,
      float alpha,
      long handle,
      long kind,
      int diagonal,
      int layout,
      long x,
      int columns,
      int rowOfX,
      float beta,
      long y,
      int rowOfY);

  static native int mkl_sparse_destroy(long handle);

  static native void cblas_gemm_bf16bf16f32(
      int layout,
      int transposeA,
      int transposeB,
      int m,
      int n,
      int k,
      float alpha,
      long a,
      int rowOfA,
      long b,
      int rowOfB,
      float beta,
      long c,
      int rowOfC);
}
