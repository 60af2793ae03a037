// SimpleEngine: the contract on one map under one mutex, as plain as possible: what the checker
// must accept, and what the broken engines deviate from.
// Thread safety: perform() from any thread; handlers run with the lock they are given held.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/history.h"
#include "model/target.h"

namespace larder::model {

class SimpleEngine : public Target {
 public:
  SimpleEngine(const CacheFacts& facts, const Environment& environment)
      : facts_(facts), environment_(environment) {}

  void perform(Event& event) override;

 protected:
  using Lock = std::unique_lock<std::mutex>;

  struct Entry {
    std::int64_t value = 0;
    VersionId version{};
    std::int64_t expires_at_ns = kForever;
    std::int64_t created_at_ns = 0;
    std::set<std::string> tags{};
    std::set<std::pair<std::string, std::string>> bound{};  ///< (index, term)
  };
  /// A load in flight. Fenced: its value must not be stored, and nobody may join any more.
  struct Flight {
    std::int64_t value = 0;
    bool done = false;
    bool fenced = false;
  };

  // One handler per kind of operation; a broken engine overrides the one that it breaks.
  virtual void read(Event& event, Lock& lock);
  virtual void put(Event& event, Lock& lock);
  virtual void compare_and_set(Event& event, Lock& lock);
  virtual void set_many(Event& event, Lock& lock);
  virtual void erase(Event& event, Lock& lock);
  virtual void take(Event& event, Lock& lock);
  virtual void touch(Event& event, Lock& lock);
  virtual void set_tags(Event& event, Lock& lock);
  virtual void rename(Event& event, Lock& lock);
  virtual void add(Event& event, Lock& lock);
  virtual void update(Event& event, Lock& lock);
  virtual void get_or_set(Event& event, Lock& lock);
  virtual void erase_some(Event& event, Lock& lock);
  virtual void bind(Event& event, Lock& lock);
  virtual void list(Event& event, Lock& lock);

  // Parts of handlers that broken engines share or replace.
  virtual VersionId new_version() { return {1, ++versions_}; }
  virtual bool is_live(const Entry& entry) const { return now_ns() < entry.expires_at_ns; }
  virtual bool has_term(const std::string& key, const Entry& entry, const Event& event) const;
  virtual void fence(const std::string& key);
  /// Called for a new value before it is stored; `old` is the live entry, if any.
  virtual Entry next_entry(const Entry* old, std::int64_t value, const Event& event);

  Entry* find(const std::string& key);
  /// Stores a value as `set` does and answers its version.
  VersionId store(const std::string& key, std::int64_t value, const Event& event);
  bool remove(const std::string& key);
  void set_expiry(Entry& entry, const TtlArgument& ttl, bool fresh) const;
  bool selected(const std::string& key, const Entry& entry, const Event& event) const;
  Seen show(const std::string& key, const Entry* entry, Op op) const;
  /// Gives the lock back for a moment, so that another client can get in between.
  void window(Lock& lock) const;
  std::int64_t now_ns() const { return environment_.clock_now_ns(); }
  /// Runs a loader outside the lock and records it.
  std::int64_t load(Event& event, std::size_t i, Lock& lock) const;
  std::vector<std::string> keys_of(const Event& event) const;
  std::int64_t get_or_set_one(Event& event, std::size_t i, Lock& lock);

  const CacheFacts facts_;
  const Environment& environment_;
  std::mutex mutex_;
  // guarded by mutex_
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::shared_ptr<Flight>> flights_;
  std::uint64_t versions_ = 0;
};

}  // namespace larder::model
