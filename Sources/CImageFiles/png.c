#include "pixels.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>

/* The state of reading a file. */
typedef struct {
    jmp_buf failed;
    png_structp png;
    png_infop info;
    const uint8_t *next;
    size_t left;
    image_pixels image;
} reading;

static void fail(png_structp png, png_const_charp text)
{
    reading *r = png_get_error_ptr(png);
    snprintf(r->image.message, sizeof r->image.message, "%s", text);
    longjmp(r->failed, 1);
}

static void overlook(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void give(png_structp png, png_bytep to, size_t count)
{
    reading *r = png_get_io_ptr(png);
    if (count > r->left) png_error(png, "the file is truncated");
    memcpy(to, r->next, count);
    r->next += count;
    r->left -= count;
}

static void read_pixels(reading *r, size_t limit)
{
    png_structp png = r->png;
    png_infop info = r->info;
    png_set_read_fn(png, r, give);
    png_read_info(png, info);
    r->image.width = png_get_image_width(png, info);
    r->image.height = png_get_image_height(png, info);
    if (png_get_color_type(png, info) == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png, info) == 16)
        png_error(png, "16-bit grayscale: PIL would clip it to white; convert it to 8 bits first");
    if (!image_allocate(&r->image, limit)) return;

    /* Everything becomes 8-bit RGB: 16-bit samples lose their lower half, and transparent pixels keep their
     * color. */
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    png_set_gray_to_rgb(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    size_t stride = 3 * r->image.width;
    if (png_get_rowbytes(png, info) != stride) png_error(png, "an unsupported kind of PNG");
    for (int pass = 0; pass < passes; pass++)
        for (size_t y = 0; y < r->image.height; y++) png_read_row(png, r->image.rgb + stride * y, NULL);
}

/* Separate from the function that owns `r`, because longjmp may leave variables of the caller of setjmp
 * undefined. */
static void try_to_read(reading *r, size_t limit)
{
    if (setjmp(r->failed)) return;
    r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, fail, overlook);
    r->info = r->png ? png_create_info_struct(r->png) : NULL;
    if (r->info) read_pixels(r, limit);
    else snprintf(r->image.message, sizeof r->image.message, "not enough memory");
}

image_pixels image_read_png(const uint8_t *bytes, size_t count, size_t limit)
{
    reading r = {.next = bytes, .left = count};
    try_to_read(&r, limit);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    return image_result(r.image);
}
