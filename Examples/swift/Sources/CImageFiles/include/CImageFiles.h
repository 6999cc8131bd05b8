/*
 * JPEG and PNG files as the pixels that PIL's Image.open(path).convert("RGB") gives.
 *
 * Both libraries end a call by longjmp when something is wrong with the file. Swift cannot be jumped over, so
 * these few lines are C. What is wrong comes back as words.
 */
#ifndef CIMAGEFILES_H
#define CIMAGEFILES_H

#include <stddef.h>
#include <stdint.h>

/* 8-bit RGB, row by row. `rgb` comes from malloc and is the caller's; NULL where `message` says what is wrong. */
typedef struct {
    uint8_t *rgb;
    size_t width, height;
    char message[256];
} image_pixels;

/* Images of more than `limit` pixels are refused before anything is allocated for them. */
image_pixels image_read_jpeg(const uint8_t *bytes, size_t count, size_t limit);
image_pixels image_read_png(const uint8_t *bytes, size_t count, size_t limit);

#endif
