/* The .swt reader as a library, for engines that would rather link than include swt.h.
 *
 *     p2s_error error;
 *     p2s_file *file = p2s_open("model.swt", &error);
 *     if (!file) { fprintf(stderr, "%s: %s\n", error.rule, error.message); return 1; }
 *     p2s_tensor t;
 *     if (p2s_get(file, p2s_find(file, "fc.weight"), &t, &error)) use(t.data, t.byte_count);
 *     p2s_close(file);
 *
 * Opening maps the file and checks its index (levels 0, 1 and 1c of FORMAT.md); p2s_get checks the CRC32C of the tensor
 * the first time; p2s_verify checks everything. A file may be used from several threads at once. Pointers into it live
 * until p2s_close. Functions that can fail take an error, which may be NULL, and return 0, NULL or -1 then.
 */
#ifndef P2S_SWT_H
#define P2S_SWT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct p2s_file p2s_file;

typedef struct {
  /* The broken rule, as FORMAT.md section 10 names it: "data-checksum". */
  char rule[32];
  /* Offset in the file, or -1. */
  int64_t offset;
  /* UTF-8, cut to fit. */
  char message[216];
} p2s_error;

typedef struct {
  /* UTF-8; name_length bytes and a 0 behind them. */
  const char *name;
  size_t name_length;
  /* FORMAT.md section 3. */
  uint8_t dtype, role, flags, rank;
  /* Logical (PyTorch) shape. */
  uint64_t shape[6];
  /* Logical dimension at each physical position, outermost first. */
  uint8_t dim_order[6];
  /* The bytes in the mapping; 64 more may be read after them. */
  const void *data;
  uint64_t byte_count, element_count;
  /* Number of the tensor whose bytes these are, or of the quantisation record; -1 for none. */
  int64_t alias_of, quantization;
} p2s_tensor;

typedef enum {
  /* PyTorch's order. */
  P2S_ROW_MAJOR = 0,
  /* Convolution weights with channels last: [out][height][width][in]. */
  P2S_OHWI = 1,
  /* Convolution weights in blocks of output channels, filled up with zeros: [out / n][in][height][width][n]. */
  P2S_BLOCKED_8 = 8,
  P2S_BLOCKED_16 = 16
} p2s_layout;

/* Maps the file and checks its index; NULL when it breaks a rule. */
p2s_file *p2s_open(const char *path, p2s_error *error);
/* Unmaps it; NULL is allowed. */
void p2s_close(p2s_file *file);

/* Tensors are numbered in data order, which is execution order where there is one. */
int64_t p2s_count(const p2s_file *file);
/* The number of the tensor with that name, or -1; O(log n). */
int64_t p2s_find(const p2s_file *file, const char *name);
/* Describes a tensor and checks its bytes once; 1, or 0 on failure. */
int p2s_get(const p2s_file *file, int64_t index, p2s_tensor *tensor, p2s_error *error);
/* Writes a tensor as float32 in a layout: 16- and 8-bit types widened, quantised ones as scale * (q - zero). Returns the
 * number of floats that it takes, and writes nothing when capacity is below that or values is NULL; -1 on failure. */
int64_t p2s_load(const p2s_file *file, int64_t index, p2s_layout layout, float *values, size_t capacity, p2s_error *error);

/* Text of a metadata key, numbers and lists as JSON; returns its length without the 0 and writes at most capacity bytes,
 * always with a 0 at the end; -1 when there is no such key. */
int64_t p2s_metadata(const p2s_file *file, const char *key, char *text, size_t capacity);
/* Every byte of the file against its checksums and digests (level 3); 1, or 0 on failure. */
int p2s_verify(const p2s_file *file, p2s_error *error);
/* Writes "swt1:" and 64 hexadecimal digits; 1, or 0 when the file has no digests. */
int p2s_content_id(const p2s_file *file, char id[70]);

#ifdef __cplusplus
}
#endif
#endif
