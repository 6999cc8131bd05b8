/* The header is the whole target, but SwiftPM requires a source file. */
#include "p2s_swt.h"
