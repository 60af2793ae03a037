// Between a T and its bytes in Redis: encoding with everything that travels with the value, and
// what bytes that come back are.
//
// Thread safety: constant after construction. Codecs and extractors are user code: no lock is held.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/format.h"
#include "codec/seal.h"
#include "larder/engine.h"
#include "larder/options.h"
#include "larder/result.h"

namespace larder::engine {

// What a write sends of one entry. Counters are stored as their text, with their terms beside it;
// the terms of others are inside of their bytes.
struct Sealed {
  std::string bytes;
  std::string terms;  // of counters
};

// An entry as it was read.
struct Opened {
  enum class State : std::uint8_t {
    live,
    absent,   // nothing, or the lease of a load
    corrupt,  // ours, and damaged
    foreign,  // another type, release or key, or not written by a cache
  };
  State state = State::absent;
  std::string payload;  // of a T, as encoded
  Format format{};
  Version version{};
  std::int64_t created_ms = 0;
  std::int64_t expires_ms = -1;  // -1: never
  std::string terms;             // declared terms and tags
  std::string bound;             // terms bound to its life
  std::uint64_t uses = 0;        // where the cache tracks them
  std::int64_t used_ms = -1;     // the last use; -1: none
  Version lease{};               // of absent ones: of the load under way, if there is one
  std::size_t size_bytes = 0;    // as stored

  [[nodiscard]] bool live() const noexcept { return state == State::live; }
  [[nodiscard]] std::optional<Timestamp> expires_at() const noexcept;
  [[nodiscard]] std::vector<std::string> tags() const;
};

class RedisValues {
 public:
  RedisValues(const CacheSettings& settings, std::shared_ptr<const CacheTraits> traits);

  // Whether values are stored as decimal text.
  [[nodiscard]] bool are_counters() const noexcept { return traits_->ops->textual_integer; }
  // Names the type of the values to the scripts; empty for counters.
  [[nodiscard]] const std::string& type() const noexcept { return type_; }

  // CALLBACK: codec and extractors. `callback_failed` or `serialization`.
  Result<Sealed> seal(std::string_view key, const void* value, Version version,
                      std::span<const std::string> tags) const;
  // The same value under another key, version and tags; without `tags` those that it has.
  Result<Sealed> seal_again(std::string_view key, const Opened& opened, Version version,
                            const std::vector<std::string>* tags) const;

  [[nodiscard]] Opened open(std::string_view key, std::string_view bytes) const;
  // A counter's text with what lies beside it.
  [[nodiscard]] Opened open_counter(std::string_view text, Version version, std::int64_t created_ms,
                                    std::int64_t expires_ms, std::string_view terms,
                                    std::string_view bound) const;

  // Tags alone, as a block of terms.
  static std::string tag_terms(std::span<const std::string> tags);

  // Builds a T at `to`. CALLBACK: codec.
  std::optional<Error> decode(const Opened& opened, void* to) const;

 private:
  // Of the declared indexes.
  Result<std::string> terms_of(const void* value) const;
  Result<Sealed> sealed(std::string_view key, std::string_view payload, std::string terms,
                        Version version) const;

  // constant after construction
  const codec::SealOptions settings_;
  const std::shared_ptr<const CacheTraits> traits_;
  const codec::TypeMark mark_;
  const std::string type_;
  std::vector<std::string> index_names_;  // escaped as in keys, in the order of the traits
};

}  // namespace larder::engine
