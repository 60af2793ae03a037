// Asking user code about a value, and making its node.
// Thread safety: see draft.h.
#include "memory/draft.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "sync/lock_checks.h"

namespace larder::memory {
namespace {

std::size_t weigh(const CacheTraits& traits, std::string_view key, const void* value) {
  if (traits.weigher) return traits.weigher(key, value);
  return key.size() + traits.ops->size_bytes + traits.ops->owned_bytes(value);
}

void extract(const CacheTraits& traits, std::span<const std::uint32_t> declared, const void* value,
             bool wipe, std::vector<Term>& terms) {
  for (std::size_t i = 0; i < traits.indexes.size(); ++i) {
    for (std::string& text : traits.indexes[i].terms(value)) {
      Term term{declared[i], true, false, text};
      if (wipe) secure_wipe(text);
      if (term.text.empty() || std::ranges::find(terms, term) != terms.end()) continue;
      terms.push_back(std::move(term));
    }
  }
}

std::uint32_t clamp_weight(std::size_t weight) {
  constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::min(weight, kMost));
}

}  // namespace

Draft::Draft(Draft&& other) noexcept
    : ref(std::exchange(other.ref, kNoRef)),
      ttl(other.ttl),
      terms(std::move(other.terms)),
      tags(other.tags),
      replaces_tags(other.replaces_tags),
      continues_entry(other.continues_entry),
      weight(other.weight),
      was_indexed(other.was_indexed),
      pin(std::move(other.pin)),
      wants_pin(other.wants_pin),
      version(other.version),
      expires_at_ns(other.expires_at_ns),
      nodes_(other.nodes_) {}

std::optional<Error> Draft::make(const CacheTraits& traits, std::span<const std::uint32_t> declared,
                                 std::string_view key, void* value) {
  sync::assert_no_locks_held();
  try {  // CALLBACK: extractors and weigher
    extract(traits, declared, value, nodes_->rules().wipe, terms);
    weight = weigh(traits, key, value);
  } catch (...) {
    terms.clear();
    return Error::from_exception(std::current_exception(), "index extractor or weigher");
  }
  ref = nodes_->make(key, value);
  node().weight = clamp_weight(weight);
  return std::nullopt;
}

std::optional<Error> Draft::make_alias(const CacheTraits& traits, std::string_view key, Ref owner) {
  sync::assert_no_locks_held();
  try {  // CALLBACK: weigher
    weight = weigh(traits, key, nodes_->value(nodes_->at(owner)));
  } catch (...) {
    return Error::from_exception(std::current_exception(), "weigher");
  }
  ref = nodes_->make_alias(key, owner);
  node().weight = clamp_weight(weight);
  return std::nullopt;
}

void Draft::reset() noexcept {
  if (ref != kNoRef) nodes_->give_up(std::exchange(ref, kNoRef));
}

std::vector<std::string_view> normal_tags(std::span<const std::string> tags) {
  std::vector<std::string_view> normal(tags.begin(), tags.end());
  std::ranges::sort(normal);
  normal.erase(std::ranges::unique(normal).begin(), normal.end());
  return normal;
}

}  // namespace larder::memory
