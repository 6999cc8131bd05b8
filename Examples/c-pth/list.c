/*
 * Lists the tensors of a PyTorch checkpoint and reads their values, without PyTorch.
 *
 *     swift build -c release --product PthC
 *     cc -std=c99 -I../../Sources/PthC/include list.c -L../../.build/release -lPthC -o list
 *     LD_LIBRARY_PATH=../../.build/release ./list model.pth
 *
 * Prints a line per tensor: name, type, dimensions, and the sum of its bytes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "pth.h"

int main(int count, char **words)
{
    char error[512];
    p2s_pth *file = p2s_pth_open(count == 2 ? words[1] : "", error, sizeof error);
    if (!file) return fprintf(stderr, "%s\n", error), 1;
    for (size_t i = 0; i < p2s_pth_count(file); i++) {
        p2s_pth_tensor tensor;
        if (p2s_pth_info(file, i, &tensor) != 0) return 1;
        unsigned char *bytes = (unsigned char *)malloc(tensor.nbytes ? (size_t)tensor.nbytes : 1);
        if (!bytes) return fprintf(stderr, "no memory for %s\n", tensor.name), 1;
        if (p2s_pth_read(file, i, bytes, (size_t)tensor.nbytes, error, sizeof error) != 0)
            return fprintf(stderr, "%s\n", error), 1;
        uint64_t sum = 0;
        for (size_t k = 0; k < tensor.nbytes; k++) sum += bytes[k];
        printf("%s %s [", tensor.name, tensor.dtype);
        for (size_t k = 0; k < tensor.rank; k++) printf(k ? ", %" PRId64 : "%" PRId64, tensor.dims[k]);
        printf("] %" PRIu64 "\n", sum);
        free(bytes);
    }
    p2s_pth_close(file);
    return 0;
}
