// LoadRun: one running loader with the flights that it serves. Used by loads.cc.
//
// Thread safety: finish() once, from any thread; the rest from any thread at any time.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/atomic.h"
#include "engine/load_call.h"
#include "engine/loads.h"
#include "larder/engine.h"

namespace larder::engine {

// Made by the caller that leads; keeps itself alive until the loader has finished.
class LoadRun final : public LoadSession, public std::enable_shared_from_this<LoadRun> {
 public:
  // Waiters woken by the finishing thread itself; the others by the scheduler, so that whoever
  // loaded is not held up by how many waited.
  static constexpr std::size_t kInlineWakes = 64;

  LoadRun(LoadTarget& target, LoadRegistry& registry, std::shared_ptr<Scheduler> scheduler,
          const LoadOperation& op, std::shared_ptr<void> owner);

  ~LoadRun();

  // One more key that this run loads, with the place's lock held.
  std::shared_ptr<flight::Flight> lead(const LoadPlace& place, std::size_t item,
                                       std::uint64_t fence);
  [[nodiscard]] bool leads() const noexcept { return !keys_.empty(); }
  // Runs the loader. With a leader (a caller whose thread runs it to its end) the results are
  // delivered there too; without, the caller waits like all others.
  void run(std::shared_ptr<LoadCall> leader, const Context& caller, const flight::ChainPtr& chain,
           const Clock& clock, std::chrono::milliseconds limit);

  void finish(std::span<LoadOutcome> outcomes) noexcept override;
  LoadContext& context() noexcept override { return *context_; }

  // The first caller's context has ended while its thread runs the loader.
  void leader_gone();
  // The load took too long: whoever waits gets `deadline_exceeded`.
  void time_out();
  // The engine closes: whoever waits gets `error`.
  void abort(const Error& error);
  // Asks the loader to stop.
  static void stop(Scheduler& scheduler, const std::shared_ptr<flight::RunningLoad>& load);

  // Hands `end` to everybody in the flight, which must be detached or ending.
  static void wake(const LoadPlace& place, const std::shared_ptr<flight::Flight>& flight,
                   const LoadEnd& end, Scheduler* rest_later, std::shared_ptr<void> owner);

 private:
  struct Key {
    std::shared_ptr<flight::Flight> flight;
    LoadPlace place;  // its key is the flight's own
    std::size_t item;
  };

  LoadEnd end_of(const Key& key, LoadOutcome& outcome);
  void end(const Key& key, const LoadEnd& end);

  // constant once run() has begun
  LoadTarget& target_;
  LoadRegistry& registry_;
  const std::shared_ptr<Scheduler> scheduler_;
  const std::shared_ptr<void> owner_;
  WriteOptions write_;  // its tags are wiped in the end
  const std::shared_ptr<Loader> loader_;
  const std::shared_ptr<flight::RunningLoad> load_ = std::make_shared<flight::RunningLoad>();
  std::vector<Key> keys_;
  std::vector<std::string_view> views_;
  std::optional<LoadContext> context_;
  std::shared_ptr<LoadCall> leader_;  // null unless the starting thread runs the loader itself
  Scheduler::TimerId limit_timer_;
  // until finish()
  std::shared_ptr<LoadRun> self_;
};

}  // namespace larder::engine
