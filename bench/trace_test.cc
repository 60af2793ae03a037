// Trace files, good and bad.
#include "bench/trace.h"

#include <filesystem>
#include <fstream>
#include <lzma.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace larder::bench {
namespace {

class Trace : public testing::Test {
 protected:
  Trace()
      : path_(
            (std::filesystem::temp_directory_path() / ("larder-trace-" + std::to_string(getpid())))
                .string()) {}
  ~Trace() override { std::filesystem::remove(path_); }

  void write(const std::string& bytes) { std::ofstream(path_, std::ios::binary) << bytes; }
  std::string message() {
    const auto read = read_trace(path_);
    return read.ok() ? "" : std::string(read.error().message());
  }

  std::string path_;
};

const std::string kTwoKeys("\x01\x02\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\x80", 16);

std::string compress(const std::string& bytes) {
  std::string out(lzma_stream_buffer_bound(bytes.size()), '\0');
  std::size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(
                6, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                bytes.size(), reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size()),
            LZMA_OK);
  out.resize(size);
  return out;
}

TEST_F(Trace, WordsAreLittleEndian) {
  write(kTwoKeys);
  const auto keys = read_trace(path_);
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ(*keys, (std::vector<std::uint64_t>{0x0201, 0x80ff'ffff'ffff'ffff}));
}

TEST_F(Trace, CompressedFilesAreReadTheSame) {
  std::string many;
  for (int i = 0; i < 200'000; ++i) many += kTwoKeys;  // more than one step of the decoder
  write(compress(many));
  const auto keys = read_trace(path_);
  ASSERT_TRUE(keys.ok());
  ASSERT_EQ(keys->size(), 400'000U);
  EXPECT_EQ(keys->front(), 0x0201U);
  EXPECT_EQ(keys->back(), 0x80ff'ffff'ffff'ffffU);
}

TEST_F(Trace, BadFilesAreRefusedByName) {
  EXPECT_NE(message().find("cannot be opened"), std::string::npos);
  write("");
  EXPECT_NE(message().find("no keys"), std::string::npos);
  write("123456789");
  EXPECT_NE(message().find("9 bytes, is no whole number"), std::string::npos);
  EXPECT_NE(message().find(path_), std::string::npos);
  std::string cut = compress(kTwoKeys);
  cut.resize(cut.size() / 2);
  write(cut);
  EXPECT_NE(message().find("damaged"), std::string::npos);
}

}  // namespace
}  // namespace larder::bench
