#include "pth.h"
