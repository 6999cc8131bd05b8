/* What both readers share. */
#ifndef PIXELS_H
#define PIXELS_H

#include "CImageFiles.h"

/* Room for the pixels of `image`; 0, and a message, where there is none or `limit` forbids it. */
int image_allocate(image_pixels *image, size_t limit);

/* The image; without pixels when there is a message. */
image_pixels image_result(image_pixels image);

#endif
