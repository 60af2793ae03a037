// Interning of index names, with counted uses.
//
// Thread safety: every member may be called from any thread at any time.
#include "index/index_names.h"

#include "base/check.h"

namespace larder::indexes {

IndexPin::~IndexPin() {
  if (names_ != nullptr) names_->drop_uses(id_);
}

IndexPin IndexNames::intern(std::string_view name) {
  sync::MutexLock lock(mutex_);
  if (const auto found = ids_.find(name); found != ids_.end()) {
    ++uses_.at(found->second).uses;
    return IndexPin(this, found->second);
  }
  // After four billion names the numbers begin again; those in use are passed over.
  do {
    ++last_id_;
  } while (last_id_ == 0 || uses_.contains(last_id_));
  const auto added = ids_.emplace(std::string(name), last_id_).first;
  uses_.emplace(last_id_, Use{&added->first, 1});
  return IndexPin(this, last_id_);
}

std::optional<std::uint32_t> IndexNames::lookup(std::string_view name) const {
  sync::MutexLock lock(mutex_);
  const auto found = ids_.find(name);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

void IndexNames::add_use(std::uint32_t id) {
  sync::MutexLock lock(mutex_);
  const auto found = uses_.find(id);
  CHECK(found != uses_.end());
  ++found->second.uses;
}

void IndexNames::drop_uses(std::uint32_t id, std::size_t uses) {
  sync::MutexLock lock(mutex_);
  const auto found = uses_.find(id);
  CHECK(found != uses_.end());
  CHECK_GE(found->second.uses, uses);
  found->second.uses -= uses;
  if (found->second.uses != 0) return;
  ids_.erase(ids_.find(*found->second.name));
  uses_.erase(found);
}

std::size_t IndexNames::uses(std::uint32_t id) const {
  sync::MutexLock lock(mutex_);
  const auto found = uses_.find(id);
  return found == uses_.end() ? 0 : found->second.uses;
}

std::size_t IndexNames::bytes() const {
  sync::MutexLock lock(mutex_);
  std::size_t bytes = uses_.size() * (sizeof(Use) + sizeof(std::uint32_t));
  for (const auto& [name, id] : ids_) bytes += sizeof(name) + name.capacity() + sizeof(id);
  return bytes;
}

}  // namespace larder::indexes
