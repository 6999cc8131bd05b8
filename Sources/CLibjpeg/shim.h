#include <stdio.h> /* jpeglib.h needs FILE but does not include this */
#include <jpeglib.h>
