/* The header alone, as a separate translation unit. */
#include "swt.h"
