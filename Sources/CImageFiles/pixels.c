#include "pixels.h"

#include <stdio.h>
#include <stdlib.h>

int image_allocate(image_pixels *image, size_t limit)
{
    if (image->width == 0 || image->height == 0 || image->width > limit / image->height) {
        snprintf(image->message, sizeof image->message, "%zu by %zu pixels are more than the limit of %zu",
                 image->width, image->height, limit);
        image->is_too_large = 1;
        return 0;
    }
    image->rgb = malloc(image->width * image->height * 3);
    if (!image->rgb) snprintf(image->message, sizeof image->message, "not enough memory");
    return image->rgb != NULL;
}

image_pixels image_result(image_pixels image)
{
    if (image.message[0]) {
        free(image.rgb);
        image.rgb = NULL;
    }
    return image;
}

void image_free(uint8_t *rgb)
{
    free(rgb);
}
