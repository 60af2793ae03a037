// The names of a cache's keys in Redis. Used by the Redis engine; docs/redis.md shows them to
// people.
//
// Thread safety: constant after construction.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace larder::redis {

// larder:CACHE:e:{KEY}            an entry, or the lease of a load
// larder:CACHE:e:{PLACE}:KEY      the same where the cache has a placement
// larder:CACHE:m:{KEY}            what belongs to a counter beside its text
// larder:CACHE:i:INDEX:TERM       sorted set: names of entries by expiry
// larder:CACHE:t:TAG              the same for a tag
// larder:CACHE:g, larder:CACHE:f  generation of bulk erases; fences by term
//
// Whatever the names and keys are, no two of them meet: CACHE and INDEX have no `:` of their own,
// what stands in braces no `}` (both are written as %XX). KEY in braces is what a cluster hashes,
// so that an entry and its sibling share a slot, and all entries of a place do.
class Layout {
 public:
  using Placement = std::function<std::string(std::string_view key)>;

  Layout(std::string_view cache, Placement placement);

  // What all keys of the cache begin with.
  [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; }
  // The part of an entry's key that indexes hold. Runs the placement, user code.
  [[nodiscard]] std::string name(std::string_view key) const;
  [[nodiscard]] std::string entry(std::string_view key) const { return entry_prefix_ + name(key); }
  [[nodiscard]] std::string entry_of_name(std::string_view name) const {
    return entry_prefix_ + std::string(name);
  }
  [[nodiscard]] std::string index(std::string_view index, std::string_view term) const;
  [[nodiscard]] std::string tag(std::string_view tag) const;
  [[nodiscard]] std::string generation() const { return prefix_ + 'g'; }
  [[nodiscard]] std::string fences() const { return prefix_ + 'f'; }

  // Patterns for SCAN: all entries; all keys of an index.
  [[nodiscard]] std::string all_entries() const { return entry_prefix_ + '*'; }
  [[nodiscard]] std::string all_of_index(std::string_view index) const;

  // The user's key of an entry's name; nothing where it is none of ours.
  [[nodiscard]] static std::optional<std::string> key_of_name(std::string_view name);
  // The name of an entry's key.
  [[nodiscard]] std::optional<std::string_view> name_of_entry(std::string_view entry) const;

  // `text` without the bytes that end or steer a part of a key: `:`, braces, `%`, glob characters,
  // blanks and controls.
  static std::string escaped(std::string_view text);

 private:
  // constant after construction
  const Placement placement_;
  const std::string prefix_;
  const std::string entry_prefix_;
};

}  // namespace larder::redis
