// The front of an engine: what is the same before every operation on every engine. It checks in
// the order of the contract (closed, empty batch, arguments, context, hooks) and runs the hooks of
// the operations that name their keys. The Manager puts it directly around what a provider made.
//
// Thread safety: constant after construction but for a counter; hooks run on the calling thread,
// post-hooks on the completing one.
#pragma once

#include <memory>

#include "engine/hook_calls.h"
#include "larder/engine.h"
#include "larder/options.h"

namespace larder::engine {

// Which hooks an operation runs here, per key. What an engine decides by itself (publishing a
// load, an update's decision, the keys of a bulk erase) it tells its hooks itself.
class Front final : public Decorator {
 public:
  Front(std::shared_ptr<Engine> inner, std::shared_ptr<const CacheTraits> traits)
      : Decorator(std::move(inner)), traits_(std::move(traits)) {}

  Progress start(Operation& op) noexcept override;
  bool put(Put& put) noexcept override;
  void collect(Stats& stats) const override;
  // Whether a read, a write without a context would only pass through.
  [[nodiscard]] bool lets_reads_through() const noexcept { return allows_find(); }
  [[nodiscard]] bool lets_writes_through() const noexcept;

 protected:
  void after(Operation& op, Operation::Frame& frame) noexcept override;
  // Reads without hooks need no front: a direct find is checked by its caller and its engine.
  [[nodiscard]] bool allows_find() const noexcept override;

 private:
  std::optional<Error> pre_hooks(Operation& op) noexcept;
  // Tell the writers among the hooks of the first `items`, of one item.
  void post_hooks(Operation& op, std::size_t items) noexcept;
  void tell(Operation& op, const Item& item, unsigned families) noexcept;
  void filter_found(Operation& op) noexcept;

  const std::shared_ptr<const CacheTraits> traits_;  // constant after construction
  HookFailures hook_failures_{0};                    // atomic; see its type
};

}  // namespace larder::engine
