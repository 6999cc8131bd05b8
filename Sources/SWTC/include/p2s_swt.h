/* The .swt reader as a linked library; swt.h is the header-only alternative.
 *
 *     p2s_error error;
 *     p2s_file *file = p2s_open("model.swt", &error);
 *     if (!file) { fprintf(stderr, "%s: %s\n", error.rule, error.message); return 1; }
 *     p2s_tensor t;
 *     if (p2s_get(file, p2s_find(file, "fc.weight"), &t, &error)) use(t.data, t.byte_count);
 *     p2s_close(file);
 *
 * Opening maps the file and checks its index (levels 0, 1 and 1c of FORMAT.md). p2s_get checks a tensor's
 * CRC32C the first time; p2s_verify checks everything. A file may be used from several threads at once.
 * Pointers into it are valid until p2s_close. Functions that can fail take an error, which may be NULL, and
 * return 0, NULL or -1 on failure.
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
  /* UTF-8, truncated to fit. */
  char message[216];
} p2s_error;

typedef struct {
  /* UTF-8: name_length bytes, followed by a 0. */
  const char *name;
  size_t name_length;
  /* Codes of FORMAT.md section 3. */
  uint8_t dtype, role, flags, rank;
  /* Logical (PyTorch) shape. */
  uint64_t shape[6];
  /* Logical dimension at each physical position, outermost first. */
  uint8_t dim_order[6];
  /* The bytes in the mapping; up to 64 bytes beyond them may be read. */
  const void *data;
  uint64_t byte_count, element_count;
  /* Index of the tensor that owns the bytes, and of the quantization record; -1 if there is none. */
  int64_t alias_of, quantization;
} p2s_tensor;

typedef enum {
  /* PyTorch's order. */
  P2S_ROW_MAJOR = 0,
  /* Convolution weights with channels last: [out][height][width][in]. */
  P2S_OHWI = 1,
  /* Convolution weights in blocks of output channels, zero-padded: [out / n][in][height][width][n]. */
  P2S_BLOCKED_8 = 8,
  P2S_BLOCKED_16 = 16
} p2s_layout;

/* Maps the file and checks its index; NULL if it violates a rule. */
p2s_file *p2s_open(const char *path, p2s_error *error);
/* Unmaps the file; NULL is allowed. */
void p2s_close(p2s_file *file);

/* Number of tensors. Indices follow data order, which is execution order if the network is known. */
int64_t p2s_count(const p2s_file *file);
/* Index of the tensor with that name, or -1; O(log n). */
int64_t p2s_find(const p2s_file *file, const char *name);
/* Describes a tensor, and checks its bytes the first time; 1, or 0 on failure. */
int p2s_get(const p2s_file *file, int64_t index, p2s_tensor *tensor, p2s_error *error);
/* Writes a tensor as float32 in a layout; 16- and 8-bit types are widened, quantized ones become
 * scale * (q - zero). Returns the number of floats required, and writes nothing if capacity is smaller or
 * values is NULL; -1 on failure. */
int64_t p2s_load(
    const p2s_file *file, int64_t index, p2s_layout layout, float *values, size_t capacity, p2s_error *error);

/* Value of a metadata key as text, numbers and lists as JSON. Writes at most capacity bytes, including a
 * final 0; returns the full length without the 0, or -1 if there is no such key. */
int64_t p2s_metadata(const p2s_file *file, const char *key, char *text, size_t capacity);
/* Checks every byte of the file against its checksums and digests (level 3); 1, or 0 on failure. */
int p2s_verify(const p2s_file *file, p2s_error *error);
/* Writes "swt1:", 64 hexadecimal digits and a 0; returns 1, or 0 if the file has no digests. */
int p2s_content_id(const p2s_file *file, char id[70]);

#ifdef __cplusplus
}
#endif
#endif
