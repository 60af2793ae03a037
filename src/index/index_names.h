// Names of secondary indexes as small numbers, for as long as somebody needs them. Used by
// TermIndex.
//
// Thread safety: every member may be called from any thread at any time; a pin belongs to one
// thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "sync/mutex.h"

namespace larder::indexes {

class IndexNames;

// Keeps the id of a name valid. Ends before the names do.
class [[nodiscard]] IndexPin {
 public:
  IndexPin() = default;
  IndexPin(IndexPin&& other) noexcept
      : names_(std::exchange(other.names_, nullptr)), id_(other.id_) {}
  IndexPin& operator=(IndexPin&& other) noexcept {
    std::swap(names_, other.names_);
    std::swap(id_, other.id_);
    return *this;
  }
  ~IndexPin();

  std::uint32_t id() const { return id_; }

 private:
  friend class IndexNames;
  IndexPin(IndexNames* names, std::uint32_t id) : names_(names), id_(id) {}

  IndexNames* names_ = nullptr;
  std::uint32_t id_ = 0;
};

// A name lives while it has uses: pins and terms. With its last use its id is gone for good.
class IndexNames {
 public:
  IndexPin intern(std::string_view name);
  std::optional<std::uint32_t> lookup(std::string_view name) const;

  // A use by a term. The id must be valid.
  void add_use(std::uint32_t id);
  void drop_uses(std::uint32_t id, std::size_t uses = 1);

  // Uses of an id; 0 when it is not valid.
  std::size_t uses(std::uint32_t id) const;
  std::size_t bytes() const;

 private:
  struct TransparentHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>{}(name);
    }
  };
  struct Use {
    const std::string* name;  // the key in ids_
    std::size_t uses;
  };

  mutable sync::Mutex mutex_{sync::Rank::kLeaf};
  std::uint32_t last_id_ LARDER_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, std::uint32_t, TransparentHash, std::equal_to<>> ids_
      LARDER_GUARDED_BY(mutex_);
  std::unordered_map<std::uint32_t, Use> uses_ LARDER_GUARDED_BY(mutex_);
};

}  // namespace larder::indexes
