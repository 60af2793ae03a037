// Reads the process's own mappings through /proc/self/mem into one buffer, which is left out of the
// search, and compares masked bytes with masked pieces.
// Thread safety: see memory_scan.h.
#include "memory_scan.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iomanip>
#include <random>
#include <sstream>
#include <stdexcept>
#include <unistd.h>
#include <utility>

#include <sys/mman.h>

namespace larder::stress {
namespace {

constexpr unsigned char kMask = 0xA5;
constexpr std::uint64_t kWordMask = 0xA5A5A5A5A5A5A5A5U;
constexpr std::size_t kBufferBytes = std::size_t{4} << 20;
struct Range {
  std::uint64_t begin;
  std::uint64_t end;
};
struct Mapping : Range {
  std::string name;
};

// What sanitizers keep for themselves on x86-64: no bytes of the program, and too much to read.
#if defined(__SANITIZE_THREAD__)
constexpr Range kShadow[] = {{0x010000000000, 0x550000000000}, {0x570000000000, 0x7b0000000000}};
#elif defined(__SANITIZE_ADDRESS__)
constexpr Range kShadow[] = {{0x00007fff7000, 0x10007fff8000}};
#else
constexpr Range kShadow[] = {{0, 0}};
#endif

bool is_shadow(const Range& range) {
  return std::ranges::any_of(kShadow, [&](const Range& shadow) {
    return range.begin >= shadow.begin && range.end <= shadow.end;
  });
}

std::vector<Mapping> readable_mappings() {
  std::vector<Mapping> mappings;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    Mapping range{};
    std::string access;
    char dash = 0;
    std::istringstream fields(line);
    fields >> std::hex >> range.begin >> dash >> range.end >> access;
    range.name = line.substr(line.find(' ') + 1);
    const bool special = line.find("[v") != std::string::npos ||  // vdso, vvar, vsyscall
                         (!kSearchesStack && line.find("[stack") != std::string::npos);
    if (access.size() < 2 || access[0] != 'r' || special) continue;
    if (!is_shadow(range)) mappings.push_back(range);
  }
  return mappings;
}

/// The pages of one scan: mapped once, so that it is one range to leave out.
class Buffer {
 public:
  Buffer()
      : data_(static_cast<char*>(mmap(nullptr, kBufferBytes, PROT_READ | PROT_WRITE,
                                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))),
        memory_(open("/proc/self/mem", O_RDONLY | O_CLOEXEC)) {
    if (data_ == MAP_FAILED || memory_ < 0) throw std::runtime_error("cannot read own memory");
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() {
    close(memory_);
    munmap(data_, kBufferBytes);
  }

  [[nodiscard]] bool overlaps(const Range& range) const {
    const auto begin = reinterpret_cast<std::uint64_t>(data_);
    return range.begin < begin + kBufferBytes && begin < range.end;
  }
  /// The part of `range` before the buffer, if it lies inside (mappings may have merged).
  [[nodiscard]] std::vector<Range> without(const Range& range) const {
    if (!overlaps(range)) return {range};
    const auto begin = reinterpret_cast<std::uint64_t>(data_);
    std::vector<Range> rest;
    if (range.begin < begin) rest.push_back({range.begin, begin});
    if (begin + kBufferBytes < range.end) rest.push_back({begin + kBufferBytes, range.end});
    return rest;
  }
  std::size_t fill(std::uint64_t from, std::size_t bytes) {
    const ssize_t got =
        pread(memory_, data_, std::min(bytes, kBufferBytes), static_cast<off_t>(from));
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  [[nodiscard]] const char* data() const { return data_; }

 private:
  char* const data_;
  const int memory_;
};

// What a search looks for: the masked pieces, and which bytes they begin with, by which most
// memory is ruled out.
class Pieces {
 public:
  explicit Pieces(const std::vector<unsigned char>& masked) {
    constexpr std::size_t kBytes = Canary::kPieceBytes;
    for (std::size_t at = masked.size() % kBytes; at < masked.size(); at += kBytes) {
      std::memcpy(&masked_.emplace_back(), masked.data() + at, kBytes);
      begins_[(masked_.back() & 0xFF) ^ kMask] = true;
    }
  }

  /// Where they lie in `data`. Not instrumented: it reads every byte of the process.
  [[nodiscard]]
  __attribute__((no_sanitize("thread", "address", "undefined"))) std::vector<std::size_t>
  offsets_in(const char* data, std::size_t bytes) const {
    std::vector<std::size_t> found;
    const std::uint64_t* const first = masked_.data();
    const std::uint64_t* const last = first + masked_.size();
    const auto* const at = reinterpret_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i + Canary::kPieceBytes <= bytes; ++i) {
      if (!begins_[at[i]]) continue;
      std::uint64_t word = 0;
      std::memcpy(&word, at + i, sizeof word);
      word ^= kWordMask;
      for (const std::uint64_t* piece = first; piece != last; ++piece) {
        if (word == *piece) found.push_back(i);
      }
    }
    return found;
  }

 private:
  std::vector<std::uint64_t> masked_;
  bool begins_[256] = {};
};

// The bytes around `offset`, word by word.
std::string dump(std::string_view bytes, std::size_t offset) {
  constexpr std::size_t kAround = 64;
  std::ostringstream out;
  const std::size_t from = offset < kAround ? 0 : (offset - kAround) & ~std::size_t{7};
  for (std::size_t i = from; i < std::min(from + 3 * kAround, bytes.size()); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    out << (i % 8 == 0 ? " " : "") << std::hex << std::setw(2) << std::setfill('0') << +byte;
  }
  return out.str();
}

// The dynamic linker finds a function at its first call and saves the vector registers to the stack
// meanwhile: in the midst of the shared libraries, with whatever was copied or compared last in
// them. The library clears them where it can; the linker's frames are not its own. So the program
// starts over with everything bound.
[[gnu::constructor]] void bind_at_once(int, char** arguments, char**) {
  if (getenv("LD_BIND_NOW") != nullptr) return;
  setenv("LD_BIND_NOW", "1", 0);
  execv("/proc/self/exe", arguments);  // returns only where it cannot
}

}  // namespace

Canary::Canary(std::size_t bytes) : masked_(bytes) {
  if (bytes < kPieceBytes) throw std::invalid_argument("a canary has at least one piece");
  std::random_device random;
  for (unsigned char& byte : masked_) byte = static_cast<unsigned char>(random());
}

void Canary::write(char* to) const {
  volatile char* out = to;  // byte by byte: no wide register is spilled with several of them
  for (std::size_t i = 0; i < masked_.size(); ++i) out[i] = static_cast<char>(masked_[i] ^ kMask);
}

std::string Canary::string() const {
  std::string bytes(masked_.size(), '\0');
  write(bytes.data());
  return bytes;
}

void Canary::search(const std::function<void(const Place&)>& visit) const {
  const Pieces pieces(masked_);
  Buffer buffer;
  for (const Mapping& mapping : readable_mappings()) {
    for (const Range& range : buffer.without(mapping)) {
      for (std::uint64_t at = range.begin; at < range.end;) {
        const std::size_t got = buffer.fill(at, range.end - at);
        if (got == 0) break;  // pages that cannot be read
        for (const std::size_t offset : pieces.offsets_in(buffer.data(), got)) {
          visit({at + offset, mapping.name, {buffer.data(), got}, offset});
        }
        if (got <= kPieceBytes || at + got >= range.end) break;
        at += got - (kPieceBytes - 1);  // pieces across the edge
      }
    }
  }
}

std::size_t Canary::copies() const {
  std::size_t found = 0;
  search([&](const Place&) { ++found; });
  return found;
}

std::string Canary::places() const {
  std::ostringstream out;
  search([&](const Place& place) {
    out << std::hex << "\n0x" << place.address << " in " << place.mapping << ":"
        << dump(place.bytes, place.offset);
  });
  return out.str();
}

}  // namespace larder::stress
