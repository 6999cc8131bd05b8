/* Opens every file that standard input names, and damaged copies of it, each in a child process with limits on
 * memory and time. Opening and reading must end with tensors or with a message, never otherwise.
 *
 *     open_all FOLDER COPIES < names
 */
#include "pth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REFUSED = 1, NO_MESSAGE = 2, WRONG_INFO = 3, NOT_TERMINATED = 4, NOT_WRITTEN = 5 };

static int is_message(const char *error, size_t size) { return error[0] && memchr(error, 0, size) != NULL; }

/* What a program does with a checkpoint: all names, all values. */
static int use(const char *path) {
  char error[64];
  memset(error, 'x', sizeof error);
  error[0] = 0;
  p2s_pth *file = p2s_pth_open(path, error, sizeof error);
  if (!file) return is_message(error, sizeof error) ? REFUSED : NO_MESSAGE;
  int result = 0;
  for (size_t i = 0; i < p2s_pth_count(file) && result <= REFUSED; i++) {
    p2s_pth_tensor t;
    if (p2s_pth_info(file, i, &t) != 0 || !t.name || !t.dtype || (t.rank && !t.dims)) result = WRONG_INFO;
    else if (strlen(t.name) > t.name_length) result = NOT_TERMINATED;
    else if (t.nbytes <= 1 << 26) {
      void *values = malloc(t.nbytes ? (size_t)t.nbytes : 1);
      memset(error, 0, sizeof error);
      if (p2s_pth_read(file, i, values, (size_t)t.nbytes, error, sizeof error) != 0)
        result = is_message(error, sizeof error) ? REFUSED : NO_MESSAGE;
      free(values);
      (void)p2s_pth_offset(file, i);
    }
  }
  p2s_pth_close(file);
  return result;
}

static long opened, refused, wrong;

static void try_file(const char *path, const char *name, const char *what) {
  pid_t child = fork();
  if (child == 0) {
    struct rlimit memory = {(rlim_t)2 << 30, (rlim_t)2 << 30}, seconds = {20, 20}, core = {0, 0};
    setrlimit(RLIMIT_AS, &memory);
    setrlimit(RLIMIT_CPU, &seconds);
    setrlimit(RLIMIT_CORE, &core);
    _exit(use(path));
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) status = -1;
  if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) <= REFUSED) {
    if (WEXITSTATUS(status)) refused++;
    else opened++;
    return;
  }
  wrong++;
  printf("FAIL %s, %s: %s %d\n", name, what, WIFSIGNALED(status) ? "signal" : "status",
         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static uint64_t state = 20261130;
static size_t below(size_t limit) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return limit ? (size_t)(state % limit) : 0;
}

static void write_copy(const char *path, const unsigned char *bytes, size_t count) {
  FILE *out = fopen(path, "wb");
  if (!out || fwrite(bytes, 1, count, out) != count || fclose(out) != 0) exit(NOT_WRITTEN);
}

/* Truncated, with changed bytes, and with a part of itself repeated. */
static void damage(const char *name, const char *copy, int copies) {
  static unsigned char bytes[1 << 16], changed[1 << 17];
  FILE *in = fopen(name, "rb");
  if (!in) return;
  size_t count = fread(bytes, 1, sizeof bytes, in);
  int whole = fgetc(in) == EOF;
  fclose(in);
  if (!whole || count == 0) return;
  for (int i = 0; i < copies; i++) {
    size_t length = count;
    memcpy(changed, bytes, count);
    const char *what = "truncated";
    if (i % 3 == 0) length = below(count);
    else if (i % 3 == 1) {
      what = "changed";
      for (size_t n = 1 + below(4); n > 0; n--) changed[below(count)] = (unsigned char)below(256);
    } else {
      what = "repeated";
      size_t from = below(count), size = below(count - from), to = below(count);
      memmove(changed + to + size, changed + to, count - to);
      memcpy(changed + to, bytes + from, size);
      length = count + size;
    }
    write_copy(copy, changed, length);
    try_file(copy, name, what);
  }
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  char name[4096], copy[4096];
  snprintf(copy, sizeof copy, "%s/copy", argv[1]);
  while (fgets(name, sizeof name, stdin)) {
    name[strcspn(name, "\n")] = 0;
    try_file(name, name, "as it is");
    damage(name, copy, atoi(argv[2]));
  }
  printf("%ld opened, %ld refused, %ld neither\n", opened, refused, wrong);
  return wrong != 0;
}
