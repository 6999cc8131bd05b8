/*
 * Decodes JPEG and PNG files to the pixels of PIL's Image.open(path).convert("RGB").
 *
 * Both libraries report errors with longjmp, which must not cross Swift frames, so this code is C. Errors are
 * returned as messages.
 */
#ifndef CIMAGEFILES_H
#define CIMAGEFILES_H

#include <stddef.h>
#include <stdint.h>

/* 8-bit RGB, row by row. `rgb` is allocated; the caller frees it with image_free; NULL if `message` gives an
 * error. */
typedef struct {
    uint8_t *rgb;
    size_t width, height;
    char message[256];
    /* The message is about the number of pixels. */
    int is_too_large;
} image_pixels;

/* Frees `rgb`. */
void image_free(uint8_t *rgb);

/* Images of more than `limit` pixels are refused before any allocation. */
image_pixels image_read_jpeg(const uint8_t *bytes, size_t count, size_t limit);
image_pixels image_read_png(const uint8_t *bytes, size_t count, size_t limit);

/* Writes 8-bit RGB as a PNG file to memory. Returns its size; 0 if it does not fit. */
size_t image_write_png(const uint8_t *rgb, size_t width, size_t height, uint8_t *to, size_t capacity);

#endif
