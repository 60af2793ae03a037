// Fuzz target of the reader of the binary format: any bytes are refused, or a value that can be
// written and read again.
//
// Thread safety: one call at a time.
#include "codec/fuzz_test.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return larder::codec::testing::fuzz_format(larder::Format::binary, data, size);
}
