/* The header is the target; SwiftPM wants a source. */
#include "p2s_swt.h"
