// Canaries and the search for them in the whole memory of the process: what wipe_test is made of.
// A canary never lies in memory as it is, but for the copies that the test hands to the cache.
// Thread safety: a Canary is a value; a scan reads memory that others may be writing, so let
// everything be quiet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace larder::stress {

/// Whether the main thread's stack is searched. Code that is not optimised keeps in its frames what
/// passes through registers (words of a key that is hashed, say), and so do sanitizers: there only
/// the heap, which an allocator that reuses nothing shows best, the data and other stacks count.
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
inline constexpr bool kSearchesStack = true;
#else
inline constexpr bool kSearchesStack = false;
#endif

/// Random bytes kept masked. Each can be searched for in pieces, so that a copy that lost its
/// beginning (to a moved-from string, to the free list of an allocator) is found too.
class Canary {
 public:
  explicit Canary(std::size_t bytes);

  [[nodiscard]] std::size_t size() const { return masked_.size(); }
  /// Writes the bytes to `to`, one by one, leaving no other copy.
  void write(char* to) const;
  /// A string of exactly the bytes; the caller wipes it.
  [[nodiscard]] std::string string() const;
  /// How many copies of any piece the memory of the process holds.
  [[nodiscard]] std::size_t copies() const;
  /// Where they lie: a line each of the address, the mapping and the bytes around. What it prints
  /// are copies: for the message of a test that fails.
  [[nodiscard]] std::string places() const;

  static constexpr std::size_t kPieceBytes = 8;

 private:
  struct Place {
    std::uint64_t address;
    const std::string& mapping;
    std::string_view bytes;  // what was read at once
    std::size_t offset;      // of the piece in it
  };
  void search(const std::function<void(const Place&)>& visit) const;

  std::vector<unsigned char> masked_;
};

}  // namespace larder::stress
