// Drawing streams of requests.
//
// Thread safety: see requests.h.
#include "bench/requests.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

namespace larder::bench {

KeyText key_text(std::uint32_t id) noexcept {
  constexpr std::string_view kPrefix = "user";
  constexpr std::string_view kDigits = "0123456789abcdef";
  KeyText text;
  std::copy(kPrefix.begin(), kPrefix.end(), text.begin());
  // The upper half is a bijection of the id: what makes keys distinct.
  std::uint64_t word = std::uint64_t{mix32(id)} << 32 | (mix64(id) >> 32);
  for (std::size_t i = kKeyBytes; i > kPrefix.size(); word >>= 4) text[--i] = kDigits[word & 15];
  return text;
}

std::vector<Request> draw_requests(const Zipf& zipf, std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<Request> requests((count + kChunk - 1) / kChunk * kChunk);
  for (Request& request : requests) {
    const std::uint32_t id = zipf.draw(random);
    request.id = id & 0x7fff'ffffU;
    request.writes = random.below(4) == 0;
    request.text = key_text(id);
  }
  return requests;
}

std::vector<std::uint32_t> shuffled_ids(std::uint32_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::uint32_t> ids(count);
  std::iota(ids.begin(), ids.end(), 0U);
  for (std::uint32_t left = count; left > 1; --left) {
    std::swap(ids[left - 1], ids[random.below(left)]);
  }
  return ids;
}

}  // namespace larder::bench
