/* MKL asks this before it chooses its products: those for Intel's processors, or slower ones. FullProducts loads it. */
__attribute__((visibility("default"))) int mkl_serv_intel_cpu_true(void) { return 1; }
