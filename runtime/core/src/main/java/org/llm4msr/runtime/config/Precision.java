package org.llm4msr.runtime.config;

/** The numbers that matrix products of layers read. Sums and everything else are float32. */
public enum Precision {
  /** 24 significant bits. */
  FLOAT32,
  /** 8 significant bits: half the memory, twice the rate where the processor has such products. */
  BFLOAT16
}
