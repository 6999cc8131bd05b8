// libFuzzer's interface for custom mutators (compiler-rt/include/fuzzer/FuzzerInterface.h).
#pragma once
#include <stddef.h>
#include <stdint.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);
