#include "pixels.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include <jerror.h>

/* A progressive file may have any number of scans, each of which visits all pixels: kilobytes that take
 * minutes. Real files have about ten. */
enum { GREATEST_SCAN_COUNT = 500 };

/* The state of reading a file. The error manager must come first, so that it can be cast to this. */
typedef struct {
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf failed;
    struct jpeg_decompress_struct jpeg;
    image_pixels image;
} reading;

static void fail(j_common_ptr jpeg)
{
    reading *r = (reading *)jpeg->err;
    char text[JMSG_LENGTH_MAX];
    r->errors.format_message(jpeg, text);
    snprintf(r->image.message, sizeof r->image.message, "%s", text);
    longjmp(r->failed, 1);
}

/* PIL accepts damage that libjpeg can conceal, but not a truncated file. */
static void notice(j_common_ptr jpeg, int level)
{
    if (level < 0 && jpeg->err->msg_code == JWRN_JPEG_EOF) fail(jpeg);
}

static void count_scans(j_common_ptr jpeg)
{
    reading *r = (reading *)jpeg->err;
    if (r->jpeg.input_scan_number <= GREATEST_SCAN_COUNT) return;
    snprintf(r->image.message, sizeof r->image.message, "more than %d scans", GREATEST_SCAN_COUNT);
    longjmp(r->failed, 1);
}

/* a * b / 255, rounded, in integer arithmetic; exact for bytes. */
static unsigned times(unsigned a, unsigned b)
{
    unsigned product = a * b + 128;
    return ((product >> 8) + product) >> 8;
}

/* Adobe's programs store 255 - ink, as do nearly all others, and PIL assumes it. Black has K = 0. */
static void rgb_from_inverted_cmyk(const uint8_t *cmyk, uint8_t *rgb, size_t width)
{
    for (size_t x = 0; x < width; x++, cmyk += 4, rgb += 3)
        for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)(cmyk[3] - times(255u - cmyk[c], cmyk[3]));
}

static void read_pixels(reading *r, const uint8_t *bytes, size_t count, size_t limit)
{
    struct jpeg_decompress_struct *jpeg = &r->jpeg;
    jpeg_mem_src(jpeg, bytes, count);
    jpeg_read_header(jpeg, TRUE);
    r->image.width = jpeg->image_width;
    r->image.height = jpeg->image_height;
    if (!image_allocate(&r->image, limit)) return;

    /* The defaults, set explicitly because pixels depend on them; PIL uses the same. */
    int has_four = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = has_four ? JCS_CMYK : JCS_RGB;
    jpeg->dct_method = JDCT_ISLOW;
    jpeg->do_fancy_upsampling = TRUE;

    jpeg_start_decompress(jpeg);
    size_t stride = 3 * r->image.width;
    JSAMPARRAY line = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, jpeg->output_width * 4, 1);
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *rgb = r->image.rgb + stride * jpeg->output_scanline;
        jpeg_read_scanlines(jpeg, has_four ? line : &rgb, 1);
        if (has_four) rgb_from_inverted_cmyk(line[0], rgb, r->image.width);
    }
    jpeg_finish_decompress(jpeg);
}

/* Separate from the function that owns `r`, because longjmp may leave variables of the caller of setjmp
 * undefined. */
static void try_to_read(reading *r, const uint8_t *bytes, size_t count, size_t limit)
{
    if (setjmp(r->failed)) return;
    jpeg_create_decompress(&r->jpeg);
    r->progress.progress_monitor = count_scans;
    r->jpeg.progress = &r->progress;
    read_pixels(r, bytes, count, limit);
}

image_pixels image_read_jpeg(const uint8_t *bytes, size_t count, size_t limit)
{
    reading r = {0};
    r.jpeg.err = jpeg_std_error(&r.errors);
    r.errors.error_exit = fail;
    r.errors.emit_message = notice;
    try_to_read(&r, bytes, count, limit);
    jpeg_destroy_decompress(&r.jpeg);
    return image_result(r.image);
}
