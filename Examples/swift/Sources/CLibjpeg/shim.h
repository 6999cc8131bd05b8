#include <stdio.h> /* jpeglib.h needs FILE and says so nowhere */
#include <jpeglib.h>
