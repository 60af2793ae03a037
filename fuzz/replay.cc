// The program around a fuzz target where no fuzzer is: runs it over recorded inputs and over what
// lies close to them, so that the ordinary test run notices what a fuzzer would find at once.
// Arguments: files, and folders that are searched for them.
//
// Thread safety: a program of one thread.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

using Bytes = std::vector<std::uint8_t>;

// The neighbours of longer inputs are left to the fuzzer.
constexpr std::size_t kMostBytesWithNeighbours = 4096;

// In memory of exactly its size, so that AddressSanitizer sees a byte read too many.
void run(const std::uint8_t* data, std::size_t size) {
  const auto exact = std::make_unique<std::uint8_t[]>(size);
  std::copy_n(data, size, exact.get());
  LLVMFuzzerTestOneInput(exact.get(), size);
}

// The input, each of its beginnings, and for each byte one variant in which one bit of it differs.
void run_with_neighbours(Bytes input) {
  run(input.data(), input.size());
  if (input.size() > kMostBytesWithNeighbours) return;
  for (std::size_t size = 0; size < input.size(); ++size) run(input.data(), size);
  for (std::size_t at = 0; at < input.size(); ++at) {
    const auto bit = static_cast<std::uint8_t>(1U << (at % 8));
    input[at] ^= bit;
    run(input.data(), input.size());
    input[at] ^= bit;
  }
}

std::vector<fs::path> find_inputs(int count, char** arguments) {
  std::vector<fs::path> inputs;
  for (int i = 1; i < count; ++i) {
    if (!fs::is_directory(arguments[i])) {
      inputs.emplace_back(arguments[i]);
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(arguments[i])) {
      if (entry.is_regular_file()) inputs.push_back(entry.path());
    }
  }
  std::sort(inputs.begin(), inputs.end());
  return inputs;
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<fs::path> inputs = find_inputs(count, arguments);
  for (const fs::path& path : inputs) {
    // Said first: whoever reads of a crash wants to know which input it was.
    std::printf("%s\n", path.c_str());
    std::fflush(stdout);
    std::ifstream file(path, std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "cannot read %s\n", path.c_str());
      return 1;
    }
    run_with_neighbours(Bytes(std::istreambuf_iterator<char>(file), {}));
  }
  std::printf("%zu inputs\n", inputs.size());
  if (inputs.empty()) std::fprintf(stderr, "no inputs: name files or folders that hold some\n");
  return inputs.empty() ? 1 : 0;
}
