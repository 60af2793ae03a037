// The copies that Keys makes of keys whose bytes do not stay.
//
// Thread safety: as in batch.h.
#include "base/secure.h"
#include "larder/batch.h"

namespace larder {

// Bytes that grow leave their old place empty: whether they are secret is not known yet.
void Keys::add_copy(std::string_view key) {
  if (bytes_.capacity() - bytes_.size() < key.size()) {
    std::vector<char> larger;
    larger.reserve(2 * (bytes_.size() + key.size()));
    larger.assign(bytes_.begin(), bytes_.end());
    base::secure_zero(bytes_.data(), bytes_.size());
    bytes_.swap(larger);
  }
  bytes_.insert(bytes_.end(), key.begin(), key.end());
  views_.emplace_back(bytes_.data(), key.size());  // the size counts; seal() places it
}

void Keys::seal() noexcept {
  if (bytes_.empty()) return;
  const char* at = bytes_.data();
  for (std::string_view& view : views_) {
    view = std::string_view(at, view.size());
    at += view.size();
  }
}

void Keys::own() {
  if (!bytes_.empty()) return;
  std::size_t total = 0;
  for (const std::string_view view : views_) total += view.size();
  bytes_.reserve(total);
  for (const std::string_view view : views_) {
    bytes_.insert(bytes_.end(), view.begin(), view.end());
  }
  seal();
}

void Keys::wipe() noexcept {
  base::secure_zero(bytes_.data(), bytes_.size());
  bytes_.clear();
  views_.clear();
}

}  // namespace larder
