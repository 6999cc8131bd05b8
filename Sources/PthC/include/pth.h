/* Reads PyTorch checkpoints (.pth, .pt, .bin, .ckpt, TorchScript, .pt2, safetensors, sharded and
 * distributed checkpoints ...) without PyTorch and without executing anything in them.
 *
 *     char error[512];
 *     p2s_pth *file = p2s_pth_open("model.pth", error, sizeof error);
 *     if (!file) { fprintf(stderr, "%s\n", error); return 1; }
 *     long i = p2s_pth_find(file, "fc.weight");
 *     p2s_pth_tensor t;
 *     if (i >= 0 && p2s_pth_info(file, (size_t)i, &t) == 0) {
 *       void *values = malloc(t.nbytes);
 *       if (p2s_pth_read(file, (size_t)i, values, t.nbytes, error, sizeof error) != 0)
 *         fprintf(stderr, "%s\n", error);
 *       free(values);
 *     }
 *     p2s_pth_close(file);
 *
 * A file may be used from several threads at once, except that it must not be closed while it is in use.
 * Functions that can fail take a buffer for a message: UTF-8, always terminated, truncated to fit; it may be
 * NULL. After success it is not written. Nothing is thrown or trapped across this border, whatever the file
 * contains.
 *
 * Tensor data stays in the file until it is read. The file must not be truncated while it is open: a read then
 * fails if it sees the new size, but if the size changes during a read the process may get SIGBUS. An
 * application that cannot exclude that installs a handler, or opens a copy.
 */
#ifndef P2S_PTH_H
#define P2S_PTH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct p2s_pth p2s_pth;

/* A tensor. The pointers belong to the file and are valid until p2s_pth_close. */
typedef struct {
  /* Its name: its path joined with ".", as in the file; for modules the state_dict() name. UTF-8, terminated;
   * name_length counts the bytes, for names that contain 0. */
  const char *name;
  size_t name_length;
  /* PyTorch's name of the type: "float32", "bfloat16", "int64", "float8_e4m3fn" ... */
  const char *dtype;
  /* Number of dimensions, and their sizes, outermost first; dims is NULL if rank is 0. */
  size_t rank;
  const int64_t *dims;
  /* Size of the contiguous values in bytes. */
  uint64_t nbytes;
} p2s_pth_tensor;

/* Opens a checkpoint, recognized by its content; of shards, their index; of a distributed one, the folder.
 *
 * Returns NULL, and a message, if the file cannot be read, is not a checkpoint, is damaged, asks for more
 * resources than its size justifies, or names functions that would run code when PyTorch loads it. The
 * caller closes the result with p2s_pth_close. */
p2s_pth *p2s_pth_open(const char *path, char *error, size_t error_size);

/* Number of tensors; 0 for NULL. */
size_t p2s_pth_count(const p2s_pth *file);

/* Describes tensor i. Returns 0; nonzero if there is no such tensor or an argument is NULL. */
int p2s_pth_info(const p2s_pth *file, size_t i, p2s_pth_tensor *out);

/* Index of the tensor with a name, compared byte by byte; -1 if there is none. */
long p2s_pth_find(const p2s_pth *file, const char *name);

/* Copies the values of tensor i to memory of the caller: contiguous, row-major, little-endian, with conj and
 * neg bits applied; quantized tensors as their integers. Checks the data's checksum where the file has one.
 *
 * Returns 0; nonzero, and a message, if size is not the tensor's nbytes, or the values are missing or damaged.
 * The memory may then have been written in part. */
int p2s_pth_read(p2s_pth *file, size_t i, void *to, size_t size, char *error, size_t error_size);

/* Offset of the values of tensor i in the file at the path that was opened, if they are stored there as
 * p2s_pth_read returns them: a program may then map the file and use them in place.
 *
 * -1 if it is not so: compressed, strided, big-endian or conjugated values, values in another file of a sharded
 * checkpoint, no values, or if the path now names another file. The values at the offset are not checked
 * against the file's checksum, and a mapping of a file that is truncated later ends in SIGBUS. */
int64_t p2s_pth_offset(const p2s_pth *file, size_t i);

/* Writes a checkpoint that torch.load(path, weights_only=True) reads: a dict of the tensors in this order.
 *
 * Of each tensor name, dtype, rank, dims and nbytes are read, name_length only if it is not 0; values[i] points
 * to nbytes bytes, contiguous, row-major, little-endian. Tensors with the same values pointer and size share
 * memory in PyTorch too. The same tensors give the same bytes. The file gets its name when it is complete and
 * on disk; an existing file is replaced.
 *
 * Returns 0; nonzero, and a message, if two tensors have one name, PyTorch has no such dtype, nbytes does not
 * match, an argument is NULL or the file cannot be written. */
int p2s_pth_write(const char *path, const p2s_pth_tensor *tensors, const void *const *values, size_t count,
                  char *error, size_t error_size);

/* Closes a file and frees everything that belongs to it; NULL is allowed. */
void p2s_pth_close(p2s_pth *file);

#ifdef __cplusplus
}
#endif

#endif
