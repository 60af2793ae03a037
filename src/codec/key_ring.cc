// Keys by number; they are zeroed when the ring goes, and where the list of them moves.
//
// Thread safety: as in the header.
#include "codec/key_ring.h"

#include <algorithm>
#include <utility>

#include "base/secure.h"

namespace larder::codec {

KeyRing::~KeyRing() { base::secure_zero(keys_.data(), keys_.size() * sizeof(Entry)); }

void KeyRing::add(std::uint32_t id, std::span<const unsigned char, kKeyBytes> key) {
  auto entry = std::ranges::find(keys_, id, &Entry::id);
  if (entry == keys_.end()) {
    if (keys_.size() == keys_.capacity()) {
      std::vector<Entry> larger;
      larger.reserve(2 * keys_.size() + 1);
      larger.assign(keys_.begin(), keys_.end());
      base::secure_zero(keys_.data(), keys_.size() * sizeof(Entry));
      keys_ = std::move(larger);
    }
    entry = keys_.insert(keys_.end(), {.id = id, .key = {}});
  }
  std::ranges::copy(key, entry->key.begin());
  active_ = id;
}

bool KeyRing::activate(std::uint32_t id) noexcept {
  if (find(id) == nullptr) return false;
  active_ = id;
  return true;
}

const KeyRing::Key* KeyRing::find(std::uint32_t id) const noexcept {
  const auto entry = std::ranges::find(keys_, id, &Entry::id);
  return entry == keys_.end() ? nullptr : &entry->key;
}

}  // namespace larder::codec
