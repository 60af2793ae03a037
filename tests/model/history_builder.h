// Short spellings of events, for histories written by hand in the checker's tests.
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/history.h"

namespace larder::model::build {

using Value = std::optional<std::int64_t>;
inline constexpr std::nullopt_t miss = std::nullopt;

inline VersionId version(std::uint64_t number) { return {0, number}; }

inline Event on(Op op, std::vector<std::string> keys) {
  Event event;
  event.op = op;
  event.keys = std::move(keys);
  return event;
}
inline Event flagged(Op op, std::string key, bool flag) {
  Event event = on(op, {std::move(key)});
  event.flag = flag;
  return event;
}
inline Event writing(Op op, std::string key, std::int64_t value, std::optional<bool> flag = {}) {
  Event event = on(op, {std::move(key)});
  event.values = {value};
  event.flag = flag;
  return event;
}

inline Event get(std::string key, Value value) {
  Event event = on(Op::get, {key});
  event.seen = {Seen{.key = std::move(key), .hit = value.has_value(), .value = value}};
  return event;
}
inline Event get_entry(std::string key, std::int64_t value, std::uint64_t seen_version) {
  Event event = get(std::move(key), value);
  event.op = Op::get_entry;
  event.seen[0].version = version(seen_version);
  return event;
}
inline Event metadata(std::string key, std::vector<std::string> tags) {
  Event event = on(Op::metadata, {key});
  event.seen = {Seen{.key = std::move(key), .hit = true, .tags = std::move(tags)}};
  return event;
}
inline Event contains(std::string key, bool hit) {
  Event event = on(Op::contains, {key});
  event.seen = {Seen{.key = std::move(key), .hit = hit}};
  return event;
}
inline Event get_many(std::initializer_list<std::pair<std::string, Value>> pairs) {
  Event event = on(Op::get_many, {});
  for (const auto& [key, value] : pairs) {
    event.keys.push_back(key);
    event.seen.push_back({.key = key, .hit = value.has_value(), .value = value});
  }
  return event;
}

inline Event set(std::string key, std::int64_t value, std::uint64_t written = 0) {
  Event event = writing(Op::set, std::move(key), value);
  if (written) event.version = version(written);
  return event;
}
inline Event set_many(std::initializer_list<std::pair<std::string, std::int64_t>> pairs) {
  Event event = on(Op::set_many, {});
  for (const auto& [key, value] : pairs) {
    event.keys.push_back(key);
    event.values.push_back(value);
  }
  return event;
}
inline Event set_if_absent(std::string key, std::int64_t value, bool flag) {
  return writing(Op::set_if_absent, std::move(key), value, flag);
}
inline Event set_if_present(std::string key, std::int64_t value, bool flag) {
  return writing(Op::set_if_present, std::move(key), value, flag);
}
/// Expected version 0: absent.
inline Event cas(std::string key, std::uint64_t expected, std::int64_t value, bool flag) {
  Event event = writing(Op::compare_and_set, std::move(key), value, flag);
  event.expected = expected ? version(expected) : VersionId{};
  event.ttl = {.kind = TtlArgument::Kind::keep};
  return event;
}
inline Event erase(std::string key, bool flag) { return flagged(Op::erase, std::move(key), flag); }
inline Event take(std::string key, Value value) {
  Event event = get(std::move(key), value);
  event.op = Op::take;
  return event;
}
inline Event touch(std::string key, bool flag) { return flagged(Op::touch, std::move(key), flag); }
inline Event set_tags(std::string key, std::vector<std::string> tags, bool flag) {
  Event event = flagged(Op::set_tags, std::move(key), flag);
  event.tags = std::move(tags);
  return event;
}
inline Event rename(std::string from, std::string to, bool flag) {
  Event event = on(Op::rename, {std::move(from), std::move(to)});
  event.flag = flag;
  return event;
}
inline Event increment(std::string key, std::int64_t delta, std::int64_t result) {
  Event event = writing(Op::increment, std::move(key), delta);
  event.number = result;
  return event;
}
inline Event update(std::string key, Value old, UpdaterRun::Decision decision,
                    std::int64_t stored = 0) {
  Event event = on(Op::update, {std::move(key)});
  event.ttl = {.kind = TtlArgument::Kind::keep};
  event.updater = UpdaterRun{.old_value = old, .decision = decision, .new_value = stored};
  return event;
}
inline Event answering(Event event, std::int64_t number) {
  event.number = number;
  return event;
}
inline Event update_store(std::string key, Value old, std::int64_t stored) {
  return update(std::move(key), old, UpdaterRun::Decision::store, stored);
}
/// A get_or_set that ran no loader.
inline Event joined(std::string key, std::int64_t answer) {
  Event event = writing(Op::get_or_set, std::move(key), 0);
  event.number = answer;
  return event;
}
/// A get_or_set that ran its loader in [begin, end].
inline Event loaded(std::string key, std::int64_t value, std::int64_t begin, std::int64_t end) {
  Event event = joined(key, value);
  event.loads = {Load{.key = std::move(key), .value = value, .begin_ns = begin, .end_ns = end}};
  return event;
}
inline Event clear() { return on(Op::clear, {}); }
inline Event erase_many(std::vector<std::string> keys, std::int64_t count) {
  Event event = on(Op::erase_many, std::move(keys));
  event.count = count;
  return event;
}
inline Event by_pattern(Op op, std::string pattern) {
  Event event = on(op, {});
  event.pattern = std::move(pattern);
  return event;
}
inline Event erase_by_pattern(std::string pattern, std::int64_t count) {
  Event event = by_pattern(Op::erase_by_pattern, std::move(pattern));
  event.count = count;
  return event;
}
inline Event erase_by_tag(std::string tag, std::int64_t count) {
  Event event = on(Op::erase_by_tag, {});
  event.tags = {std::move(tag)};
  event.count = count;
  return event;
}
inline Event found(Event event, std::vector<std::string> keys) {
  for (std::string& key : keys) event.seen.push_back({.key = std::move(key), .hit = true});
  return event;
}
inline Event keys_by_pattern(std::string pattern, std::vector<std::string> keys) {
  return found(by_pattern(Op::keys_by_pattern, std::move(pattern)), std::move(keys));
}
/// The declared index: term "t<value mod 4>".
inline Event by_index(Op op, std::string term) {
  Event event = on(op, {});
  event.index = DeclaredIndex{}.name;
  event.term = std::move(term);
  return event;
}
inline Event get_by_index(std::string term, std::vector<std::string> keys) {
  return found(by_index(Op::get_by_index, std::move(term)), std::move(keys));
}
inline Event values_by_index(std::string term, std::vector<std::int64_t> values) {
  Event event = by_index(Op::get_values_by_index, std::move(term));
  for (const std::int64_t value : values) event.seen.push_back({.hit = true, .value = value});
  return event;
}
inline Event counted(Event event, std::int64_t count) {
  event.count = count;
  return event;
}
/// add_index and remove_index bind and unbind terms of this index; get_by_index may name it too.
inline Event in_bound_index(Op op, std::string pattern, std::string term) {
  Event event = by_pattern(op, std::move(pattern));
  event.index = "bound";
  event.term = std::move(term);
  return event;
}

inline Event with_ttl(Event event, std::int64_t span_ns) {
  event.ttl = {.kind = TtlArgument::Kind::span, .span_ns = span_ns};
  return event;
}
inline Event with_tags(Event event, std::vector<std::string> tags) {
  event.tags = std::move(tags);
  return event;
}
inline Event with_version(Event event, std::uint64_t number) {
  event.version = version(number);
  return event;
}
inline Event at_clock(Event event, std::int64_t from_ns, std::int64_t until_ns) {
  event.call_clock_ns = from_ns;
  event.return_clock_ns = until_ns;
  return event;
}
inline Event seen_expiry(Event event, std::int64_t expires_at_ns) {
  event.seen.at(0).expires_at_ns = expires_at_ns;
  return event;
}
inline Event failed(Event event, std::string code) {
  event.outcome = Outcome::error;
  event.error = std::move(code);
  event.number.reset();
  return event;
}
/// The answer never came: it may have happened, or happen later, or never.
inline Event unknown(Event event) {
  event.outcome = Outcome::unknown;
  event.flag.reset();
  event.count.reset();
  event.number.reset();
  event.version.reset();
  event.seen.clear();
  return event;
}

/// One call: its instants on the order clock.
struct Call {
  std::int64_t from_ns;
  std::int64_t until_ns;
  Event event;
};

/// Every call is a client of its own.
inline History history_of(std::vector<Call> calls) {
  History history;
  for (Call& call : calls) {
    call.event.client = static_cast<int>(history.events.size());
    call.event.call_ns = call.from_ns;
    call.event.return_ns = call.until_ns;
    history.events.push_back(std::move(call.event));
  }
  return history;
}

}  // namespace larder::model::build
