// Encoding, sealing and opening of values.
// Thread safety: see redis_values.h.
#include "engine/redis_values.h"

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

#include "redis/layout.h"
#include "redis/little_endian.h"
#include "redis/open_part.h"
#include "redis/terms.h"

namespace larder::engine {
namespace {

// Sorted and distinct, as sets are.
std::vector<std::string_view> normal(std::span<const std::string> texts) {
  std::vector<std::string_view> sorted(texts.begin(), texts.end());
  std::ranges::sort(sorted);
  sorted.erase(std::ranges::unique(sorted).begin(), sorted.end());
  return sorted;
}

std::vector<codec::Term> parsed(std::string_view block) {
  std::vector<codec::Term> terms;
  redis::Term term;
  while (redis::take_term(block, term)) terms.push_back({term.index, term.text, term.is_tag});
  return terms;
}

codec::SealOptions seal_options(const CacheSettings& settings) {
  codec::SealOptions options;
  if (settings.secure_wipe) options.wiping = codec::Wiping::on;
  return options;
}

std::string type_of(const ValueOps& ops) {
  const auto mark = codec::TypeMark::of(ops);
  std::string type;
  redis::append_little(type, mark.type);
  redis::append_little(type, mark.schema_version);
  return type;
}

}  // namespace

std::optional<Timestamp> Opened::expires_at() const noexcept {
  if (expires_ms < 0) return std::nullopt;
  return Timestamp(std::chrono::milliseconds(expires_ms));
}

std::vector<std::string> Opened::tags() const {
  std::vector<std::string> tags;
  std::string_view block = terms;
  redis::Term term;
  while (redis::take_term(block, term)) {
    if (term.is_tag) tags.emplace_back(term.text);
  }
  std::ranges::sort(tags);
  return tags;
}

RedisValues::RedisValues(const CacheSettings& settings, std::shared_ptr<const CacheTraits> traits)
    : settings_(seal_options(settings)),
      traits_(std::move(traits)),
      mark_(codec::TypeMark::of(*traits_->ops)),
      type_(are_counters() ? std::string() : type_of(*traits_->ops)) {
  for (const auto& index : traits_->indexes) {
    index_names_.push_back(redis::Layout::escaped(index.name));
  }
}

std::string RedisValues::tag_terms(std::span<const std::string> tags) {
  std::string block;
  for (const std::string_view tag : normal(tags)) redis::append_term(block, {true, {}, tag});
  return block;
}

Result<std::string> RedisValues::terms_of(const void* value) const {
  std::string block;
  try {  // CALLBACK: extractors
    for (std::size_t i = 0; i < index_names_.size(); ++i) {
      for (const std::string& text : traits_->indexes[i].terms(value)) {
        const redis::Term term{false, index_names_[i], text};
        if (!text.empty() && !redis::has_term(block, term)) redis::append_term(block, term);
      }
    }
  } catch (...) {
    return Error::from_exception(std::current_exception(), "index extractor");
  }
  return block;
}

Result<Sealed> RedisValues::sealed(std::string_view key, std::string_view payload,
                                   std::string terms, Version version) const {
  if (are_counters()) return Sealed{std::string(payload), std::move(terms)};
  Sealed sealed;
  const auto result = codec::seal(settings_, {traits_->name, key}, mark_, version, parsed(terms),
                                  payload, sealed.bytes);
  if (!result.ok()) return result.error();
  return sealed;
}

Result<Sealed> RedisValues::seal(std::string_view key, const void* value, Version version,
                                 std::span<const std::string> tags) const {
  auto terms = terms_of(value);
  if (!terms.ok()) return terms.error();
  std::string payload;
  const auto encoded =
      codec::encode(settings_.format, *traits_->ops, value, payload, settings_.wiping);
  if (!encoded.ok()) return encoded.error();
  return sealed(key, payload, *std::move(terms) + tag_terms(tags), version);
}

Result<Sealed> RedisValues::seal_again(std::string_view key, const Opened& opened, Version version,
                                       const std::vector<std::string>* tags) const {
  if (tags == nullptr) return sealed(key, opened.payload, opened.terms, version);
  std::string terms;
  std::string_view block = opened.terms;
  redis::Term term;
  while (redis::take_term(block, term)) {
    if (!term.is_tag) redis::append_term(terms, term);
  }
  return sealed(key, opened.payload, terms + tag_terms(*tags), version);
}

Opened RedisValues::open(std::string_view key, std::string_view bytes) const {
  Opened opened;
  opened.size_bytes = bytes.size();
  if (const auto token = redis::lease_token(bytes)) {
    opened.lease = redis::version_of(*token);
    return opened;
  }
  const auto end = redis::read_open_part(bytes);
  if (!end) {
    opened.state = Opened::State::foreign;
    return opened;
  }
  codec::Opened inside = codec::open(settings_, {traits_->name, key}, mark_, end->before);
  if (inside.state != codec::Opened::State::ok) {
    opened.state = inside.state == codec::Opened::State::corrupt ? Opened::State::corrupt
                                                                 : Opened::State::foreign;
    return opened;
  }
  opened.state = Opened::State::live;
  opened.payload = inside.payload;
  opened.format = inside.format;
  opened.version = inside.version;
  opened.created_ms = end->created_ms;
  opened.expires_ms = end->expires_ms;
  opened.bound = end->bound;
  opened.uses = end->uses;
  opened.used_ms = end->used_ms;
  for (const codec::Term& term : inside.terms) {
    redis::append_term(opened.terms, {term.is_tag, term.index, term.term});
  }
  return opened;
}

Opened RedisValues::open_counter(std::string_view text, Version version, std::int64_t created_ms,
                                 std::int64_t expires_ms, std::string_view terms,
                                 std::string_view bound) const {
  Opened opened;
  opened.state = Opened::State::live;
  opened.payload = text;
  opened.format = settings_.format;
  opened.version = version;
  opened.created_ms = created_ms;
  opened.expires_ms = expires_ms;
  opened.terms = terms;
  opened.bound = bound;
  opened.size_bytes = text.size();
  return opened;
}

std::optional<Error> RedisValues::decode(const Opened& opened, void* to) const {
  const auto decoded =
      codec::decode(opened.format, *traits_->ops, opened.payload, to, settings_.wiping);
  if (!decoded.ok()) return decoded.error();
  return std::nullopt;
}

}  // namespace larder::engine
