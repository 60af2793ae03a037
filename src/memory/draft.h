// Draft: an entry that is made but not yet stored. User code (extractors, weighers, moves of the
// value) has run by the time there is one. Used by the store and its engine.
//
// Thread safety: belongs to one operation.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "larder/error.h"
#include "larder/options.h"
#include "larder/time.h"
#include "memory/nodes.h"

namespace larder::memory {

// Owns its node until the store takes it (`ref` becomes kNoRef then, `stored` names it).
class Draft {
 public:
  explicit Draft(Nodes& nodes) noexcept : nodes_(&nodes) {}
  Draft(Draft&& other) noexcept;
  Draft& operator=(Draft&&) = delete;
  ~Draft() { reset(); }

  // Makes the node: terms and weight are asked of user code first, then the value is moved.
  // An error (callback_failed) leaves `value` untouched. `declared` are the ids of the traits'
  // indexes.
  std::optional<Error> make(const CacheTraits& traits, std::span<const std::uint32_t> declared,
                            std::string_view key, void* value);
  // A node that shows the value of `owner` under another key.
  std::optional<Error> make_alias(const CacheTraits& traits, std::string_view key, Ref owner);
  void reset() noexcept;

  [[nodiscard]] bool made() const noexcept { return ref != kNoRef; }
  [[nodiscard]] Node& node() const noexcept { return nodes_->at(ref); }

  // in
  Ref ref = kNoRef;
  Ttl ttl = Ttl::standard();
  std::vector<Term> terms;                 // of the value; the store adds tags and bound terms
  std::span<const std::string_view> tags;  // sorted, distinct
  bool replaces_tags = true;               // false: the tags of the entry before go on
  bool continues_entry = false;            // created_at and access statistics go on
  std::size_t weight = 0;
  // out
  bool was_indexed = false;  // readers of the index may have seen the node, though never stored
  Pin pin;                   // of the value, if `wants_pin`
  bool wants_pin = false;
  Version version;
  std::int64_t expires_at_ns = kNeverNs;

 private:
  Nodes* nodes_;
};

// Sorted and distinct, as entries keep their tags; views of `tags`.
std::vector<std::string_view> normal_tags(std::span<const std::string> tags);

}  // namespace larder::memory
