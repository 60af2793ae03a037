// Files of words, and the xz decoder.
//
// Thread safety: see trace.h.
#include "bench/trace.h"

#include <cstddef>
#include <fstream>
#include <iterator>
#include <limits>
#include <lzma.h>
#include <span>
#include <string_view>

namespace larder::bench {
namespace {

constexpr std::string_view kXzMagic{
    "\xFD"
    "7zXZ\0",
    6};

Error fault(const std::string& path, const std::string& what) {
  return Error(Errc::invalid_argument, "trace '" + path + "': " + what);
}

// Appends what `compressed` holds to `bytes`; false where it is damaged or ends early.
bool decompress(std::string& compressed, std::string& bytes) {
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, std::numeric_limits<std::uint64_t>::max(), LZMA_CONCATENATED) !=
      LZMA_OK) {
    return false;
  }
  std::vector<std::uint8_t> chunk(std::size_t{1} << 20);
  stream.next_in = reinterpret_cast<const std::uint8_t*>(compressed.data());
  stream.avail_in = compressed.size();
  lzma_ret state = LZMA_OK;
  while (state == LZMA_OK) {
    stream.next_out = chunk.data();
    stream.avail_out = chunk.size();
    state = lzma_code(&stream, LZMA_FINISH);
    bytes.append(reinterpret_cast<const char*>(chunk.data()), chunk.size() - stream.avail_out);
  }
  lzma_end(&stream);
  return state == LZMA_STREAM_END;
}

std::vector<std::uint64_t> words_of(const std::string& bytes) {
  std::vector<std::uint64_t> words(bytes.size() / 8);
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (std::size_t byte = 8; byte > 0; --byte) {
      words[i] = words[i] << 8 | static_cast<unsigned char>(bytes[i * 8 + byte - 1]);
    }
  }
  return words;
}

}  // namespace

Result<std::vector<std::uint64_t>> read_trace(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fault(path, "it cannot be opened");
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) return fault(path, "it cannot be read");
  if (bytes.starts_with(kXzMagic)) {
    std::string plain;
    if (!decompress(bytes, plain)) return fault(path, "the xz stream is damaged");
    bytes = std::move(plain);
  }
  if (bytes.empty()) return fault(path, "it holds no keys");
  if (bytes.size() % 8 != 0) {
    return fault(path, "its size, " + std::to_string(bytes.size()) +
                           " bytes, is no whole number of 8-byte keys");
  }
  return words_of(bytes);
}

}  // namespace larder::bench
