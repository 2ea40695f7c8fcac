/* MKL asks this before it chooses its products: those for Intel's processors, or slower ones. FullProducts loads it. */
int mkl_serv_intel_cpu_true(void) { return 1; }
