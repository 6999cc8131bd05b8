/* Shared by both readers. */
#ifndef PIXELS_H
#define PIXELS_H

#include "CImageFiles.h"

/* Allocates the pixels of `image`; on failure, or beyond `limit`, returns 0 and sets a message. */
int image_allocate(image_pixels *image, size_t limit);

/* The image; without pixels if there is a message. */
image_pixels image_result(image_pixels image);

#endif
