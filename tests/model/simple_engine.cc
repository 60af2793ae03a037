// The contract on one map under one mutex. See simple_engine.h.
// Thread safety: handlers run with the lock they are given held; window() releases it.
#include "model/simple_engine.h"

#include <algorithm>

#include "model/glob.h"

namespace larder::model {

void SimpleEngine::perform(Event& event) {
  Lock lock(mutex_);
  switch (event.op) {
    case Op::get:
    case Op::get_ref:
    case Op::get_entry:
    case Op::contains:
    case Op::metadata:
    case Op::get_many:
    case Op::metadata_many:
      read(event, lock);
      return;
    case Op::set:
    case Op::set_if_absent:
    case Op::set_if_present:
      put(event, lock);
      return;
    case Op::compare_and_set:
      compare_and_set(event, lock);
      return;
    case Op::set_many:
      set_many(event, lock);
      return;
    case Op::erase:
      erase(event, lock);
      return;
    case Op::take:
      take(event, lock);
      return;
    case Op::touch:
      touch(event, lock);
      return;
    case Op::set_tags:
      set_tags(event, lock);
      return;
    case Op::rename:
      rename(event, lock);
      return;
    case Op::increment:
    case Op::decrement:
      add(event, lock);
      return;
    case Op::update:
      update(event, lock);
      return;
    case Op::get_or_set:
    case Op::get_or_set_many:
      get_or_set(event, lock);
      return;
    case Op::erase_many:
    case Op::clear:
    case Op::erase_by_pattern:
    case Op::erase_by_index:
    case Op::erase_by_tag:
      erase_some(event, lock);
      return;
    case Op::add_index:
    case Op::remove_index:
      bind(event, lock);
      return;
    case Op::keys_by_pattern:
    case Op::scan:
    case Op::get_by_index:
    case Op::get_values_by_index:
    case Op::count_by_index:
      list(event, lock);
      return;
  }
}

void SimpleEngine::read(Event& event, Lock& lock) {
  for (std::size_t i = 0; i < event.keys.size(); ++i) {
    if (i > 0) window(lock);
    event.seen.push_back(show(event.keys[i], find(event.keys[i]), event.op));
  }
  if (event.op == Op::contains) event.flag = event.seen[0].hit;
}

void SimpleEngine::put(Event& event, Lock&) {
  const bool present = find(event.keys[0]) != nullptr;
  if (event.op != Op::set) {
    event.flag = present == (event.op == Op::set_if_present);
    if (!*event.flag) return;
  }
  const VersionId version = store(event.keys[0], event.values[0], event);
  if (event.op == Op::set) event.version = version;
}

void SimpleEngine::compare_and_set(Event& event, Lock&) {
  const Entry* entry = find(event.keys[0]);
  event.flag = event.expected->is_absent() ? !entry : entry && entry->version == *event.expected;
  if (*event.flag) store(event.keys[0], event.values[0], event);
}

void SimpleEngine::set_many(Event& event, Lock& lock) {
  for (std::size_t i = 0; i < event.keys.size(); ++i) {
    if (i > 0) window(lock);
    store(event.keys[i], event.values[i], event);
  }
}

void SimpleEngine::erase(Event& event, Lock&) { event.flag = remove(event.keys[0]); }

void SimpleEngine::take(Event& event, Lock&) {
  event.seen.push_back(show(event.keys[0], find(event.keys[0]), Op::take));
  remove(event.keys[0]);
}

void SimpleEngine::touch(Event& event, Lock&) {
  Entry* entry = find(event.keys[0]);
  event.flag = entry != nullptr;
  if (entry) set_expiry(*entry, event.ttl, false);
}

void SimpleEngine::set_tags(Event& event, Lock&) {
  Entry* entry = find(event.keys[0]);
  event.flag = entry != nullptr;
  fence(event.keys[0]);
  if (entry) entry->tags = {event.tags.begin(), event.tags.end()};
}

void SimpleEngine::rename(Event& event, Lock&) {
  const std::string& from = event.keys[0];
  const std::string& to = event.keys[1];
  Entry* entry = find(from);
  event.flag = entry != nullptr;
  if (!entry || from == to) return;
  Entry moved = *entry;
  fence(from);
  fence(to);
  entries_.erase(from);
  entries_[to] = std::move(moved);
}

void SimpleEngine::add(Event& event, Lock&) {
  const std::string& key = event.keys[0];
  const std::int64_t delta = event.op == Op::increment ? event.values[0] : -event.values[0];
  Entry* entry = find(key);
  std::int64_t sum = delta;
  if (entry && __builtin_add_overflow(entry->value, delta, &sum)) {
    event.outcome = Outcome::error;
    event.error = "out_of_range";
    return;
  }
  fence(key);
  if (entry) {
    entry->value = sum;
    entry->version = new_version();
  } else {
    entries_[key] = next_entry(nullptr, sum, event);
  }
  event.number = sum;
}

/// Optimistic: the updater runs without the lock, and again if the entry has changed meanwhile.
void SimpleEngine::update(Event& event, Lock& lock) {
  const std::string& key = event.keys[0];
  UpdaterRun& run = *event.updater;
  for (;;) {
    const Entry* before = find(key);
    const VersionId version = before ? before->version : VersionId{};
    run.old_value = before ? std::optional(before->value) : std::nullopt;
    window(lock);
    Entry* entry = find(key);
    if ((entry ? entry->version : VersionId{}) != version) continue;
    if (run.decision == UpdaterRun::Decision::erase) {
      remove(key);
      return;
    }
    if (run.decision == UpdaterRun::Decision::keep) {
      event.number = run.old_value;
      if (entry) event.version = entry->version;
      return;
    }
    fence(key);
    Entry next = next_entry(entry, run.new_value, event);
    if (entry) {
      next.created_at_ns = entry->created_at_ns;
      next.tags = entry->tags;
    }
    event.version = next.version;
    event.number = run.new_value;
    entries_[key] = std::move(next);
    return;
  }
}

void SimpleEngine::get_or_set(Event& event, Lock& lock) {
  for (std::size_t i = 0; i < event.keys.size(); ++i) {
    const std::int64_t value = get_or_set_one(event, i, lock);
    if (event.op == Op::get_or_set) {
      event.number = value;
    } else {
      event.seen.push_back({.key = event.keys[i], .hit = true, .value = value});
    }
  }
}

std::int64_t SimpleEngine::get_or_set_one(Event& event, std::size_t i, Lock& lock) {
  const std::string& key = event.keys[i];
  if (const Entry* entry = find(key)) return entry->value;
  if (const auto running = flights_.find(key); running != flights_.end()) {
    const std::shared_ptr<Flight> joined = running->second;
    while (!joined->done) window(lock);  // ends with the leader's load, which waits for nobody
    return joined->value;
  }
  const auto flight = std::make_shared<Flight>();
  flights_[key] = flight;
  flight->value = load(event, i, lock);
  flight->done = true;
  if (!flight->fenced) {
    entries_[key] = next_entry(nullptr, flight->value, event);
    flights_.erase(key);
  }
  return flight->value;
}

void SimpleEngine::erase_some(Event& event, Lock& lock) {
  std::int64_t count = 0;
  bool first = true;
  for (const std::string& key : keys_of(event)) {
    if (!std::exchange(first, false)) window(lock);
    const Entry* entry = find(key);
    if (entry && selected(key, *entry, event)) {
      count += remove(key) ? 1 : 0;
    } else {
      fence(key);
    }
  }
  if (event.op != Op::clear) event.count = count;
}

void SimpleEngine::bind(Event& event, Lock& lock) {
  std::int64_t count = 0;
  for (const std::string& key : facts_.keys) {
    if (!glob_matches(event.pattern, key)) continue;
    if (Entry* entry = find(key)) {
      const std::pair term(event.index, event.term);
      if (event.op == Op::add_index) {
        count += entry->bound.insert(term).second ? 1 : 0;
      } else {
        count += static_cast<std::int64_t>(entry->bound.erase(term));
      }
    }
    window(lock);
  }
  event.count = count;
}

void SimpleEngine::list(Event& event, Lock& lock) {
  std::int64_t count = 0;
  for (const std::string& key : facts_.keys) {
    const Entry* entry = find(key);
    if (entry && selected(key, *entry, event)) {
      ++count;
      if (event.op != Op::count_by_index) event.seen.push_back(show(key, entry, event.op));
      if (event.op == Op::get_values_by_index) event.seen.back().key.clear();
    }
    window(lock);
  }
  if (event.op == Op::count_by_index) event.count = count;
}

// --- parts ----------------------------------------------------------------------------------

SimpleEngine::Entry* SimpleEngine::find(const std::string& key) {
  const auto at = entries_.find(key);
  if (at == entries_.end()) return nullptr;
  if (is_live(at->second)) return &at->second;
  entries_.erase(at);
  return nullptr;
}

SimpleEngine::Entry SimpleEngine::next_entry(const Entry* old, std::int64_t value,
                                             const Event& event) {
  Entry next;
  next.value = value;
  next.version = new_version();
  next.created_at_ns = now_ns();
  if (old) {
    next.bound = old->bound;
    next.expires_at_ns = old->expires_at_ns;
  }
  next.tags = {event.tags.begin(), event.tags.end()};
  set_expiry(next, event.ttl, old == nullptr);
  return next;
}

VersionId SimpleEngine::store(const std::string& key, std::int64_t value, const Event& event) {
  fence(key);
  Entry next = next_entry(find(key), value, event);
  const VersionId version = next.version;
  entries_[key] = std::move(next);
  return version;
}

bool SimpleEngine::remove(const std::string& key) {
  fence(key);
  if (!find(key)) return false;
  entries_.erase(key);
  return true;
}

void SimpleEngine::fence(const std::string& key) {
  const auto at = flights_.find(key);
  if (at == flights_.end()) return;
  at->second->fenced = true;
  flights_.erase(at);
}

void SimpleEngine::set_expiry(Entry& entry, const TtlArgument& ttl, bool fresh) const {
  switch (ttl.kind) {
    case TtlArgument::Kind::forever:
      entry.expires_at_ns = kForever;
      return;
    case TtlArgument::Kind::span:
      entry.expires_at_ns = now_ns() + ttl.span_ns;
      return;
    case TtlArgument::Kind::keep:
      if (!fresh) return;
      [[fallthrough]];
    case TtlArgument::Kind::standard:
      entry.expires_at_ns =
          facts_.standard_ttl_ns == kForever ? kForever : now_ns() + facts_.standard_ttl_ns;
      return;
  }
}

bool SimpleEngine::has_term(const std::string&, const Entry& entry, const Event& event) const {
  if (event.index == facts_.declared.name) {
    return facts_.declared.term_of(entry.value) == event.term;
  }
  return entry.bound.contains({event.index, event.term});
}

bool SimpleEngine::selected(const std::string& key, const Entry& entry, const Event& event) const {
  if (event.op == Op::erase_by_tag) return entry.tags.contains(event.tags[0]);
  if (!event.index.empty()) return has_term(key, entry, event);
  return event.pattern.empty() || glob_matches(event.pattern, key);
}

std::vector<std::string> SimpleEngine::keys_of(const Event& event) const {
  if (event.op == Op::erase_many) return event.keys;
  std::vector<std::string> keys;
  for (const std::string& key : facts_.keys) {
    const bool excepted = std::ranges::find(event.keys, key) != event.keys.end();
    if (!excepted && (event.pattern.empty() || glob_matches(event.pattern, key))) {
      keys.push_back(key);
    }
  }
  return keys;
}

Seen SimpleEngine::show(const std::string& key, const Entry* entry, Op op) const {
  Seen seen{.key = key, .hit = entry != nullptr};
  if (!entry) return seen;
  const bool metadata = op == Op::metadata || op == Op::metadata_many;
  const bool listing =
      op == Op::contains || op == Op::keys_by_pattern || op == Op::scan || op == Op::get_by_index;
  if (!metadata && !listing) seen.value = entry->value;
  if (metadata || op == Op::get_ref || op == Op::get_entry) seen.version = entry->version;
  if (metadata || op == Op::get_entry) seen.expires_at_ns = entry->expires_at_ns;
  if (metadata) {
    seen.created_at_ns = entry->created_at_ns;
    seen.tags = std::vector<std::string>(entry->tags.begin(), entry->tags.end());
  }
  return seen;
}

void SimpleEngine::window(Lock& lock) const {
  lock.unlock();
  environment_.pause();
  lock.lock();
}

std::int64_t SimpleEngine::load(Event& event, std::size_t i, Lock& lock) const {
  lock.unlock();
  Load load{.key = event.keys[i], .value = event.values[i]};
  load.begin_ns = environment_.order_now_ns();
  environment_.pause();
  load.end_ns = environment_.order_now_ns();
  event.loads.push_back(load);
  environment_.pause();
  lock.lock();
  return load.value;
}

}  // namespace larder::model
