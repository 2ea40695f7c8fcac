/* Target attention with one hidden layer, over rows of a batch, in registers and the nearest cache. A vector e of a row
   with the target t has the weight a = v f(z) + c with z = (e, 1) M, where row d of M is t_d Wp[d] + A[d], and the last
   one t T + b; f has the slope 1 above 0, and a leak below. FusedAttention calls the functions, which serve any
   processor with AVX2 and FMA, and neither keep anything nor call anything. */
#define OFFERED __attribute__((visibility("default")))

enum { LANES = 8, LINE = 16 };
typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4)));
typedef int bits __attribute__((vector_size(4 * LANES)));

/* So many rows of a product, and registers of their columns, are computed at a time: their sums stay in registers. */
enum { ROWS = 4, REGISTERS = 2 };

/* Some rows of a batch. D numbers of a vector and H of a layer are filled up to whole registers where it says wide and
   deep, vectors with zeros. What is learned lies as in AttentionWeights. */
struct rows {
  const int *offsets;   /* the vectors of row r are those from offsets[r] to offsets[r + 1] - 1 */
  float *vectors;       /* (N, wide) */
  float *weights;       /* a (N) */
  unsigned char *above; /* where z is above 0: a byte for each register of it (N, deep / LANES) */
  float *flat;          /* of the rows, (R, columns) */
  const float *learned;
  long count, width, hidden, most; /* R, D, H, the most vectors that a row has */
  long columns, target, pooled, softmax;
  float leak;
};

/* Parts of the memory that a call is given. */
struct parts {
  float *next;
  long wide, deep;
  float *product_map, *vector_map, *target_map; /* Wp, A, T (D, deep) */
  float *bias, *last;                           /* b, v (deep) */
  float *turned_products, *turned_vectors;      /* Wp', A' (H, wide) */
  float *target, *matrix, *matrix_bias;         /* t (wide), M (D, deep) but for its last row, which is the other */
  float *transposed;                            /* diag(v) M' (H, wide) */
  float *results;                               /* z, or g f'(z) (n, deep) */
  /* Gradients: of a (n), of the row's sum (wide), of its vectors (n, wide), of M (D, deep) and its last row (deep). */
  float *of_weights, *of_sum, *of_vectors, *of_matrix, *of_matrix_bias;
  /* Those of all rows follow. */
  float *sums;
  float *of_product_map, *of_vector_map, *of_target_map, *of_bias, *of_last;
};

static long filled(long count) { return (count + LANES - 1) / LANES * LANES; }

static float *take(struct parts *of, long rows, long columns) {
  float *memory = of->next;
  of->next += filled(rows * columns);
  return memory;
}

/* Cuts memory for D, H and the most vectors that a row has. */
static struct parts cut(long d, long h, long n, float *memory) {
  long wide = filled(d), deep = filled(h);
  struct parts of;
  of.next = memory;
  of.wide = wide;
  of.deep = deep;
  of.product_map = take(&of, d, deep);
  of.vector_map = take(&of, d, deep);
  of.target_map = take(&of, d, deep);
  of.bias = take(&of, 1, deep);
  of.last = take(&of, 1, deep);
  of.turned_products = take(&of, h, wide);
  of.turned_vectors = take(&of, h, wide);
  of.target = take(&of, 1, wide);
  of.matrix = take(&of, d, deep);
  of.matrix_bias = take(&of, 1, deep);
  of.transposed = take(&of, h, wide);
  of.results = take(&of, n, deep);
  of.of_weights = take(&of, n, 1);
  of.of_sum = take(&of, 1, wide);
  of.of_vectors = take(&of, n, wide);
  of.of_matrix = take(&of, d, deep);
  of.of_matrix_bias = take(&of, 1, deep);
  of.sums = of.next;
  of.of_product_map = take(&of, d, deep);
  of.of_vector_map = take(&of, d, deep);
  of.of_target_map = take(&of, d, deep);
  of.of_bias = take(&of, 1, deep);
  of.of_last = take(&of, 1, deep);
  return of;
}

static lanes *at(float *numbers) { return (lanes *)numbers; }

static lanes each(float x) { return x - (lanes){0}; }

static lanes choose(bits which, lanes yes, lanes no) { return (lanes)((which & (bits)yes) | (~which & (bits)no)); }

static float sum(lanes x) {
  x += __builtin_shuffle(x, (bits){4, 5, 6, 7, 0, 1, 2, 3});
  x += __builtin_shuffle(x, (bits){2, 3, 0, 1, 6, 7, 4, 5});
  return x[0] + x[1];
}

static void copy(const float *from, long count, float *to, long room) {
  for (long i = 0; i < room; i++) to[i] = i < count ? from[i] : 0;
}

static void clear(float *memory, const float *end) {
  for (; memory < end; memory += LANES) *at(memory) = each(0);
}

static void add(const float *from, long count, float *to) {
  for (long i = 0; i < count; i++) to[i] += from[i];
}

static void transpose(long rows, long columns, const float *from, long apart, float *to, long room) {
  for (long j = 0; j < columns; j++)
    for (long i = 0; i < room; i++) to[j * room + i] = i < rows ? from[i * apart + j] : 0;
}

/* Writes share first' + X M to Y, of some rows and registers of columns. No share is 1, no first is 0; rows and columns
   of X lie so far apart. */
static inline __attribute__((always_inline)) void to_block(
    int rows, int registers, long k, const float *x, long row, long column, float *m, const float *share, float *first,
    float *y, long columns) {
  lanes sums[ROWS * REGISTERS];
#pragma GCC unroll 8
  for (int i = 0; i < rows * registers; i++) {
    sums[i] = first ? *at(first + i % registers * LANES) : each(0);
    if (share) sums[i] *= each(share[i / registers]);
  }
  for (long i = 0; i < k; i++) {
#pragma GCC unroll 8
    for (int j = 0; j < rows * registers; j++)
      sums[j] += each(x[j / registers * row + i * column]) * *at(m + i * columns + j % registers * LANES);
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows * registers; i++) *at(y + i / registers * columns + i % registers * LANES) = sums[i];
}

static inline __attribute__((always_inline)) void to_columns(
    int registers, long rows, long k, const float *x, long row, long column, float *m, const float *share, float *first,
    float *y, long columns) {
  long r = 0;
  for (; r + ROWS <= rows; r += ROWS)
    to_block(ROWS, registers, k, x + r * row, row, column, m, share ? share + r : 0, first, y + r * columns, columns);
  for (; r < rows; r++)
    to_block(1, registers, k, x + r * row, row, column, m, share ? share + r : 0, first, y + r * columns, columns);
}

/* Writes share first' + X M to Y: (rows), (columns), (rows, k), (k, columns), (rows, columns). */
static void to_product(
    long rows, long k, const float *x, long row, long column, float *m, const float *share, float *first, float *y,
    long columns) {
  long j = 0;
  for (; j + REGISTERS * LANES <= columns; j += REGISTERS * LANES)
    to_columns(REGISTERS, rows, k, x, row, column, m + j, share, first ? first + j : 0, y + j, columns);
  for (; j < columns; j += LANES)
    to_columns(1, rows, k, x, row, column, m + j, share, first ? first + j : 0, y + j, columns);
}

static long vectors_of(const struct rows *in, long r) { return in->offsets[r + 1] - in->offsets[r]; }

static float *vectors(const struct rows *in, const struct parts *of, long r) {
  return in->vectors + in->offsets[r] * of->wide;
}

static void read_layers(const struct rows *in, const struct parts *of) {
  long d = in->width, h = in->hidden, deep = of->deep;
  for (long i = 0; i < d; i++) {
    copy(in->learned + 2 * i * h, h, of->product_map + i * deep, deep);
    copy(in->learned + (2 * i + 1) * h, h, of->vector_map + i * deep, deep);
    copy(in->learned + 2 * (d + i) * h, h, of->target_map + i * deep, deep);
  }
  copy(in->learned + (4 * d - 1) * h, h, of->bias, deep);
  copy(in->learned + 4 * d * h, h, of->last, deep);
}

static unsigned char *above(const struct rows *in, const struct parts *of, long r) {
  return in->above + in->offsets[r] * (of->deep / LANES);
}

/* Computes a row's matrix. */
static void to_matrix(const struct rows *in, const struct parts *of, long r) {
  long deep = of->deep;
  copy(in->flat + r * in->columns + in->target, in->width, of->target, of->wide);
  for (long j = 0; j < deep; j += LANES) {
    lanes bias = *at(of->bias + j);
    for (long i = 0; i < in->width; i++) {
      lanes t = each(of->target[i]);
      *at(of->matrix + i * deep + j) = t * *at(of->product_map + i * deep + j) + *at(of->vector_map + i * deep + j);
      bias += t * *at(of->target_map + i * deep + j);
    }
    *at(of->matrix_bias + j) = bias;
  }
}

/* Returns how many floats of memory a call needs. */
OFFERED long attention_memory(long width, long hidden, long most) {
  return (long)cut(width, hidden, most, 0).next / (long)sizeof(float);
}

/* Writes the weights of vectors, before a softmax, and the signs of their z. */
OFFERED void attention_weights(const struct rows *in, float *memory) {
  struct parts of = cut(in->width, in->hidden, in->most, memory);
  float constant = in->learned[(4 * in->width + 1) * in->hidden];
  read_layers(in, &of);
  for (long r = 0; r < in->count; r++) {
    long n = vectors_of(in, r);
    float *weights = in->weights + in->offsets[r];
    unsigned char *signs = above(in, &of, r);
    to_matrix(in, &of, r);
    to_product(n, in->width, vectors(in, &of, r), of.wide, 1, of.matrix, 0, of.matrix_bias, of.results, of.deep);
    for (long i = 0; i < n; i++) {
      lanes weight = each(0);
      for (long j = 0; j < of.deep; j += LANES) {
        lanes z = *at(of.results + i * of.deep + j);
        bits positive = z > each(0);
        *signs++ = __builtin_ia32_movmskps256((lanes)positive);
        weight += choose(positive, z, z * in->leak) * *at(of.last + j);
      }
      weights[i] = sum(weight) + constant;
    }
  }
}

/* Writes the sums of vectors times their weights. */
OFFERED void attention_sums(const struct rows *in, float *memory) {
  struct parts of = cut(in->width, in->hidden, in->most, memory);
  for (long r = 0; r < in->count; r++) {
    to_product(1, vectors_of(in, r), in->weights + in->offsets[r], 0, 1, vectors(in, &of, r), 0, 0, of.of_sum, of.wide);
    copy(of.of_sum, in->width, in->flat + r * in->columns + in->pooled, in->width);
  }
}

static void fetch(const float *numbers, long count) {
  for (long i = 0; i < count + LINE; i += LINE) __builtin_prefetch(numbers + i);
}

/* Lets what a row reads come near while another one is computed. */
static void fetch_row(const struct rows *in, const struct parts *of, long r, const float *of_flat) {
  long row = r * in->columns;
  fetch(vectors(in, of, r), vectors_of(in, r) * of->wide);
  fetch(in->flat + row + in->target, in->width);
  fetch(of_flat + row + in->target, in->width);
  fetch(of_flat + row + in->pooled, in->width);
}

/* Computes the gradient g of a row's weights, before a softmax, and returns its sum. */
static float to_weights(const struct rows *in, const struct parts *of, long r) {
  long n = vectors_of(in, r);
  const float *weights = in->weights + in->offsets[r];
  float *g = of->of_weights, mean = 0, total = 0;
  for (long i = 0; i < n; i++) {
    lanes products = each(0);
    for (long j = 0; j < of->wide; j += LANES)
      products += *at(vectors(in, of, r) + i * of->wide + j) * *at(of->of_sum + j);
    g[i] = sum(products);
  }
  if (in->softmax) {
    for (long i = 0; i < n; i++) mean += weights[i] * g[i];
    for (long i = 0; i < n; i++) g[i] = weights[i] * (g[i] - mean);
  }
  for (long i = 0; i < n; i++) total += g[i];
  return total;
}

/* Computes Q = g f'(z) and adds it up, which gives the gradient of the last row of M but for a factor v. */
static void to_results(const struct rows *in, const struct parts *of, long r) {
  long n = vectors_of(in, r), registers = of->deep / LANES;
  for (long j = 0; j < registers; j++) {
    const unsigned char *signs = above(in, of, r) + j;
    lanes sum = each(0);
    for (long i = 0; i < n; i++) {
      lanes g = each(of->of_weights[i]);
      bits positive = ((bits){1, 2, 4, 8, 16, 32, 64, 128} & signs[i * registers]) != 0;
      lanes through = choose(positive, g, g * in->leak);
      sum += through;
      *at(of->results + (i * registers + j) * LANES) = through;
    }
    *at(of->of_matrix_bias + j * LANES) = sum;
  }
}

/* With E the row's vectors, the gradient of M is (E, 1)' Q diag(v), and that of v, as f is linear on either side of 0,
   the sums of the columns of (E, 1)' Q times M: adds to them, to those of the layer, and to that of the target. */
static void from_matrix(const struct rows *in, const struct parts *of, long r, float *of_target) {
  long deep = of->deep;
  to_product(in->width, vectors_of(in, r), vectors(in, of, r), 1, of->wide, of->results, 0, 0, of->of_matrix, deep);
  for (long j = 0; j < deep; j += LANES) {
    lanes of_bias = *at(of->of_matrix_bias + j);
    *at(of->of_last + j) += of_bias * *at(of->matrix_bias + j);
    *at(of->of_matrix_bias + j) = of_bias *= *at(of->last + j);
    *at(of->of_bias + j) += of_bias;
  }
  for (long i = 0; i < in->width; i++) {
    lanes t = each(of->target[i]), products = each(0);
    for (long b = 0, j = i * deep; b < deep; b += LANES, j += LANES) {
      lanes of_matrix = *at(of->of_matrix + j), of_bias = *at(of->of_matrix_bias + b);
      *at(of->of_last + b) += of_matrix * *at(of->matrix + j);
      of_matrix *= *at(of->last + b);
      *at(of->of_product_map + j) += t * of_matrix;
      *at(of->of_vector_map + j) += of_matrix;
      *at(of->of_target_map + j) += t * of_bias;
      products += of_matrix * *at(of->product_map + j) + of_bias * *at(of->target_map + j);
    }
    of_target[i] += sum(products);
  }
}

/* The gradient of E is Q diag(v) M', to which the row's sum adds a times its own. */
static void to_vectors(const struct rows *in, const struct parts *of, long r, float *to) {
  long n = vectors_of(in, r), wide = of->wide;
  const float *weights = in->weights + in->offsets[r];
  float *of_vectors = wide == in->width ? to : of->of_vectors;
  for (long j = 0; j < wide; j += LANES)
    for (long i = 0; i < in->hidden; i++)
      *at(of->transposed + i * wide + j) =
          of->last[i] *
          (*at(of->target + j) * *at(of->turned_products + i * wide + j) + *at(of->turned_vectors + i * wide + j));
  to_product(n, in->hidden, of->results, of->deep, 1, of->transposed, weights, of->of_sum, of_vectors, wide);
  for (long i = 0; of_vectors != to && i < n; i++)
    copy(of_vectors + i * wide, in->width, to + i * in->width, in->width);
}

/* Adds to the gradients of the targets, in that of the flat input, and of what is learned; writes those of the vectors,
   (N, D). */
OFFERED void attention_gradients(
    const struct rows *in, float *memory, float *of_flat, float *of_vectors, float *of_learned) {
  struct parts of = cut(in->width, in->hidden, in->most, memory);
  long d = in->width, h = in->hidden, deep = of.deep;
  float constant = 0;
  read_layers(in, &of);
  transpose(d, h, of.product_map, deep, of.turned_products, of.wide);
  transpose(d, h, of.vector_map, deep, of.turned_vectors, of.wide);
  clear(of.sums, of.next);
  for (long r = 0; r < in->count; r++) {
    if (r + 1 < in->count) fetch_row(in, &of, r + 1, of_flat);
    if (vectors_of(in, r) == 0) continue;
    to_matrix(in, &of, r);
    copy(of_flat + r * in->columns + in->pooled, d, of.of_sum, of.wide);
    constant += to_weights(in, &of, r);
    to_results(in, &of, r);
    from_matrix(in, &of, r, of_flat + r * in->columns + in->target);
    to_vectors(in, &of, r, of_vectors + in->offsets[r] * d);
  }
  for (long i = 0; i < d; i++) {
    add(of.of_product_map + i * deep, h, of_learned + 2 * i * h);
    add(of.of_vector_map + i * deep, h, of_learned + (2 * i + 1) * h);
    add(of.of_target_map + i * deep, h, of_learned + 2 * (d + i) * h);
  }
  add(of.of_bias, h, of_learned + (4 * d - 1) * h);
  add(of.of_last, h, of_learned + 4 * d * h);
  of_learned[(4 * d + 1) * h] += constant;
}
