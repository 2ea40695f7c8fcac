/* What this processor reaches, for the benchmark Limits: limits THREADS prints one line, separated by tabs:
   billions of float32 operations a second in registers, of bfloat16 products added in float32 in registers and in tiles
   (0 where there is no such instruction), and billions of bytes a second of a[i] = b[i] + s c[i] over arrays of 256 MiB
   (STREAM's triad). */
#include <immintrin.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __AVX512F__
typedef __m512 vector;
#define MULTIPLY_ADD(a, b, c) _mm512_fmadd_ps(a, b, c)
#define EACH(x) _mm512_set1_ps(x)
#else
typedef __m256 vector;
#define MULTIPLY_ADD(a, b, c) _mm256_fmadd_ps(a, b, c)
#define EACH(x) _mm256_set1_ps(x)
#endif

/* So many sums that none waits for its last addition. */
#define SUMS 12
#define FOR_ALL(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#define BEGIN(i) vector sum##i = EACH(i);
#define ADD_FLOATS(i) sum##i = MULTIPLY_ADD(sum##i, a, b);
#define ADD_TO_FIRST(i) sum0 = MULTIPLY_ADD(sum##i, a, sum0);

enum { STEPS = 10000000, ROUNDS = 5 };
static const long LENGTH = 64L << 20;
static volatile float sink;

static double best(double found, double rate) { return rate > found ? rate : found; }

static void add_floats(void) {
  vector a = EACH(.999f), b = EACH(1e-6f);
  FOR_ALL(BEGIN)
  for (int step = 0; step < STEPS; step++) {
    FOR_ALL(ADD_FLOATS)
  }
  FOR_ALL(ADD_TO_FIRST)
  sink = sum0[0];
}

#ifdef __AVX512BF16__
#define ADD_BFLOATS(i) sum##i = _mm512_dpbf16_ps(sum##i, c, c);
static void add_bfloats(void) {
  vector a = EACH(.5f);
  __m512bh c = _mm512_cvtne2ps_pbh(a, a);
  FOR_ALL(BEGIN)
  for (int step = 0; step < STEPS; step++) {
    FOR_ALL(ADD_BFLOATS)
  }
  FOR_ALL(ADD_TO_FIRST)
  sink = sum0[0];
}
#endif

#ifdef __AMX_BF16__
enum { TILE_SUMS = 6, TILE_ROWS = 16, TILE_BYTES = 64, REQUEST = 0x1023, TILES = 18 };

/* Six tiles of 16 rows by 16 float32 sum products of two of 16 rows by 32 bfloat16. */
static void add_tiles(void) {
  volatile struct { /* Compilers take it for eight bytes. */
    unsigned char palette, start_row, reserved[14];
    unsigned short bytes[16];
    unsigned char rows[16];
  } __attribute__((aligned(64))) shapes = {.palette = 1};
  static unsigned short halves[TILE_ROWS][TILE_BYTES / 2]; /* Zeros. */
  for (int tile = 0; tile < 8; tile++) {
    shapes.bytes[tile] = TILE_BYTES;
    shapes.rows[tile] = TILE_ROWS;
  }
  _tile_loadconfig((const void *)&shapes);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_zero(4);
  _tile_zero(5);
  _tile_loadd(6, halves, TILE_BYTES);
  _tile_loadd(7, halves, TILE_BYTES);
  for (int step = 0; step < STEPS; step++) {
    _tile_dpbf16ps(0, 6, 7);
    _tile_dpbf16ps(1, 6, 7);
    _tile_dpbf16ps(2, 6, 7);
    _tile_dpbf16ps(3, 6, 7);
    _tile_dpbf16ps(4, 6, 7);
    _tile_dpbf16ps(5, 6, 7);
  }
  _tile_release();
}
#endif

/* Billions of operations a second of all threads, the best of some rounds. */
static double rate(void add(void), int of_step, int threads) {
  double found = 0;
  for (int round = 0; round < ROUNDS; round++) {
    double start = omp_get_wtime();
#pragma omp parallel num_threads(threads)
    add();
    found = best(found, (double)of_step * STEPS * threads / (omp_get_wtime() - start) / 1e9);
  }
  return found;
}

static double bandwidth(int threads) {
  float *a = malloc(LENGTH * sizeof(float)), *b = malloc(LENGTH * sizeof(float)), *c = malloc(LENGTH * sizeof(float));
  double rate = 0;
  for (int round = 0; round <= ROUNDS; round++) {
    double start = omp_get_wtime();
#pragma omp parallel for num_threads(threads)
    for (long i = 0; i < LENGTH; i++) {
      if (round == 0) b[i] = c[i] = i;
      a[i] = b[i] + .5f * c[i];
    }
    if (round > 0) rate = best(rate, 3.0 * LENGTH * sizeof(float) / (omp_get_wtime() - start) / 1e9);
  }
  sink = a[LENGTH - 1];
  free(a);
  free(b);
  free(c);
  return rate;
}

int main(int count, char **arguments) {
  int threads = count > 1 ? atoi(arguments[1]) : 1, floats = sizeof(vector) / sizeof(float);
  double bfloats = 0, tiles = 0;
#ifdef __AVX512BF16__
  bfloats = rate(add_bfloats, 4 * floats * SUMS, threads);
#endif
#ifdef __AMX_BF16__
  if (syscall(SYS_arch_prctl, REQUEST, TILES) == 0) { /* Linux asks each process whether it wants tiles. */
    tiles = rate(add_tiles, 2 * TILE_ROWS * TILE_ROWS * TILE_BYTES / 2 * TILE_SUMS, threads);
  }
#endif
  printf("%.1f\t%.1f\t%.1f\t%.2f\n", rate(add_floats, 2 * floats * SUMS, threads), bfloats, tiles, bandwidth(threads));
}
