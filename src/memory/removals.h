// Removals: the entries that an operation took out of the table under a lock, to be announced and
// retired once no lock is held. Used by the store.
//
// Thread safety: belongs to one operation.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "larder/hooks.h"
#include "memory/arena.h"
#include "table/table.h"

namespace larder::memory {

struct Removal {
  Ref ref;
  RemovalCause cause;
};

// A list that needs no allocation for the few removals of an ordinary operation.
class Removals {
 public:
  void add(Ref ref, RemovalCause cause) {
    if (count_ < kInline) {
      few_[count_++] = {ref, cause};
    } else {
      more_.push_back({ref, cause});
    }
  }
  // A bucket array that readers may still be in.
  void add(table::RetiredArray array) {
    arrays_.push_back(std::make_unique<table::RetiredArray>(std::move(array)));
  }

  [[nodiscard]] bool empty() const noexcept { return count_ == 0 && arrays_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return count_ + more_.size(); }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t i = 0; i < count_; ++i) visit(few_[i]);
    for (const Removal& removal : more_) visit(removal);
  }
  std::vector<std::unique_ptr<table::RetiredArray>>& arrays() noexcept { return arrays_; }
  void clear() noexcept {
    count_ = 0;
    more_.clear();
    arrays_.clear();
  }

 private:
  static constexpr std::size_t kInline = 4;
  std::array<Removal, kInline> few_;
  std::size_t count_ = 0;
  std::vector<Removal> more_;
  std::vector<std::unique_ptr<table::RetiredArray>> arrays_;
};

}  // namespace larder::memory
