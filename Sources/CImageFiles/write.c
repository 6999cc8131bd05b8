#include "pixels.h"

#include <string.h>

#include <png.h>

size_t image_write_png(const uint8_t *rgb, size_t width, size_t height, uint8_t *to, size_t capacity)
{
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.width = (png_uint_32)width;
    image.height = (png_uint_32)height;
    image.format = PNG_FORMAT_RGB;
    png_alloc_size_t size = capacity;
    int done = png_image_write_to_memory(&image, to, &size, 0, rgb, 0, NULL);
    png_image_free(&image);
    return done ? size : 0;
}
