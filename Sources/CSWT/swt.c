/* The reader is its header; this file gives the target something to compile, and the compiler something to warn about. */
#include "swt.h"
