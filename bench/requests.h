// The streams of requests that the workloads replay: keys of twenty characters, drawn in advance
// and laid out in the order of use, so that a round measures the cache and not the drawing.
//
// Thread safety: streams are constant once made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "bench/zipf.h"

namespace larder::bench {

inline constexpr std::size_t kKeyBytes = 20;
inline constexpr std::size_t kBatch = 64;        // keys of one get_many
inline constexpr std::size_t kSampleEvery = 64;  // one call in so many is timed
// Streams have a multiple of this many requests, so that rounds look for the end once a chunk.
inline constexpr std::size_t kChunk = kBatch * kSampleEvery;

// The text of a key. Different ids have different texts, and near ids texts that are not near.
using KeyText = std::array<char, kKeyBytes>;
KeyText key_text(std::uint32_t id) noexcept;

struct Request {
  std::uint32_t id : 31;
  std::uint32_t writes : 1;  // one in four; for the workload that mixes
  KeyText text;

  [[nodiscard]] std::string_view key() const noexcept { return {text.data(), text.size()}; }
};

// `count` is rounded up to whole chunks.
std::vector<Request> draw_requests(const Zipf& zipf, std::size_t count, std::uint64_t seed);

// All ids below `count` in random order: how caches are filled, so that popular keys do not lie
// side by side in memory.
std::vector<std::uint32_t> shuffled_ids(std::uint32_t count, std::uint64_t seed);

}  // namespace larder::bench
