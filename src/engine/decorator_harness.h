// The harness of the tests of decorators: an engine that ends operations as the test says, at once
// or when the test asks for it, on a thread of the test's choice; and calls with their items.
//
// Thread safety: every member may be called from any thread at any time; the script is set before.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/atomic.h"
#include "larder/engine.h"
#include "sync/mutex.h"

namespace larder::engine::harness {

// Judges the input as the library's front does, then leaves the outcome to `script`.
class ScriptedEngine final : public Engine {
 public:
  // How operations end; by default every item is a hit.
  std::function<void(Operation& op)> script;
  bool pends = false;
  Found found = Found::ask;
  bool is_closed = false;

  Progress start(Operation& op) noexcept override {
    seen_.add_relaxed(1);
    if (is_closed) op.error = Error(Errc::closed);
    if (!op.error) op.error = check_input(op);
    if (op.error) return Progress::done;
    if (!pends) {
      finish(op);
      return Progress::done;
    }
    sync::MutexLock lock(mutex_);
    pending_.push_back(&op);
    return Progress::pending;
  }

  bool leave(Operation& op) noexcept override {
    sync::MutexLock lock(mutex_);
    return std::erase(pending_, &op) > 0;
  }

  Found find(std::string_view, void*) noexcept override {
    finds_.add_relaxed(1);
    return found;
  }

  // Ends what is pending, on the calling thread; returns how many there were.
  std::size_t complete_all() {
    std::vector<Operation*> ended;
    {
      sync::MutexLock lock(mutex_);
      ended.swap(pending_);
    }
    for (Operation* op : ended) {
      finish(*op);
      op->complete();
    }
    return ended.size();
  }

  bool closed() const noexcept override { return is_closed; }
  void collect(Stats& stats) const override { stats.hits += 1; }
  Health health(const Context&) override { return {}; }
  Result<void> close(std::optional<std::int64_t>) override { return {}; }
  Result<void> resize(std::size_t, std::size_t) override { return {}; }
  void maintain() override { maintained_.add_relaxed(1); }
  std::string validate() const override { return "fake"; }

  std::uint64_t seen() const { return seen_.load_relaxed(); }
  std::uint64_t finds() const { return finds_.load_relaxed(); }
  std::uint64_t maintained() const { return maintained_.load_relaxed(); }

 private:
  void finish(Operation& op) {
    if (script) {
      script(op);
    } else if (op.code <= Opcode::rename) {
      for (Item& item : static_cast<KeyOperation&>(op).items) item.hit = true;
    } else if (op.code == Opcode::load) {
      for (Item& item : static_cast<LoadOperation&>(op).items) item.hit = true;
    }
  }

  // atomics
  base::Atomic<std::uint64_t> seen_{0};        // role: operations started here
  base::Atomic<std::uint64_t> finds_{0};       // role: calls of find()
  base::Atomic<std::uint64_t> maintained_{0};  // role: calls of maintain()

  sync::Mutex mutex_{sync::Rank::kLeaf};
  std::vector<Operation*> pending_ LARDER_GUARDED_BY(mutex_);
};

// An operation on named keys, with its items.
struct Call {
  KeyOperation op;
  std::vector<Item> items;
  base::Atomic<bool> completed{false};  // role: the completion ran

  Call(Opcode code, std::vector<std::string_view> keys, bool batch = false)
      : op(code), items(keys.size()) {
    for (std::size_t i = 0; i < keys.size(); ++i) items[i].key = keys[i];
    op.items = items;
    op.batch = batch;
    op.on_complete(
        [](Operation&, void* self) noexcept {
          static_cast<Call*>(self)->completed.store_release(true);  // pairs with the test's load
        },
        this);
  }
  explicit Call(std::string_view key) : Call(Opcode::get, {key}) {}

  // Starts it; the error it ended with, if it is done.
  std::optional<Errc> run(Engine& engine) {
    if (engine.start(op) == Progress::pending) return std::nullopt;
    return code();
  }
  std::optional<Errc> code() const {
    return op.error ? std::optional(op.error->code()) : std::nullopt;
  }
};

// What the library's waits do when a deadline or a stop comes first.
inline bool leave_with(Engine& engine, Operation& op, Errc reason) {
  if (!engine.leave(op)) return false;
  op.error = Error(reason);
  op.unwind();
  return true;
}

}  // namespace larder::engine::harness
