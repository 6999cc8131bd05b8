/* The header alone, as a translation unit of its own. */
#include "swt.h"
