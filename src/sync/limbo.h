// Where unlinked objects wait until no reader can hold them. Used by memory/ for entries: unlink,
// retire, and now and then collect, which runs the destructors of user values.
//
// Thread safety: every member may be called from any thread at any time, except the destructor.
//
// The way of a token (an opaque 64-bit name of an object)
//   retire -> stripe of the thread (kStripeTokens) -> open batch (batch size) -> sealed batch
//   -> grace period elapsed -> free(token), once, by whoever collects.
// A batch shares a grace period. Threads at work end it by working; where one of them is idle the
// limbo expedites it after a few polls, with no lock held. An elapsed batch is freed in portions,
// so that no caller pays for all of it.
//
// Bound: at most kStripes * kStripeTokens tokens lie in stripes and a batch + kStripeTokens in the
// open batch. Sealed batches go as soon as somebody collects after the sections open at their
// sealing have ended; how many they are depends on how long readers stay, so retire() advises
// kBackOff from kMaxSealedBatches on: a caller outside of any section then waits in flush().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <utility>
#include <vector>

#include "base/atomic.h"
#include "sync/epoch.h"
#include "sync/mutex.h"
#include "sync/thread_slot.h"

namespace larder::sync {

class Limbo {
 public:
  using Token = std::uint64_t;

  static constexpr std::size_t kStripes = 16;
  static constexpr std::size_t kStripeTokens = 32;
  static constexpr std::size_t kMaxSealedBatches = 64;
  static constexpr std::size_t kPortion = 2 * kStripeTokens;  // the most that collect() frees
  static constexpr std::size_t kDefaultBatchSize = 256;
  // Polls of a batch before its grace period is expedited: threads that run pass by meanwhile.
  static constexpr int kPatience = 64;
  // Polls in collect() after which nothing is left to be done but to wait for a reader.
  static constexpr int kPrompt = kPatience + 2;
  // Polls in collect() that suit batches of one: a reader that runs leaves within that time.
  static constexpr int kSecurePolls = 2'000;

  // What the caller of retire() should do next, once it holds no lock.
  enum class Advice {
    kNone,
    kCollect,  // a sealed batch may be due: call collect()
    kBackOff,  // too much waits: call flush(..., Wait::kUntilFree) outside of any section
  };

  enum class Wait { kNone, kUntilFree };

  // `batch_size` tokens share a grace period. One: each token gets its own at once (secure wipe).
  explicit Limbo(std::size_t batch_size = kDefaultBatchSize);

  // Everything has been flushed before.
  ~Limbo();

  Limbo(const Limbo&) = delete;
  Limbo& operator=(const Limbo&) = delete;

  // Takes over an object that is unlinked already: no new reader can reach it.
  Advice retire(Token token) noexcept;

  // Frees, by `free(token)`, what has seen its grace period elapse: at most kPortion tokens, oldest
  // first. Looks up to `polls` times for a first one; one look at every retire() that asks for it
  // is enough where others follow. May run a membarrier: hold no lock that others want. Returns the
  // number freed. `free` must not throw; it may retire and collect (an inner collect() on the same
  // thread leaves everything to the outer one). If `free.prefetch(token)` exists, it is called some
  // tokens ahead.
  template <class F>
  std::size_t collect(F&& free, int polls = kPrompt) noexcept {
    if (t_thread.is_collecting) return 0;
    t_thread.is_collecting = true;
    Portion portion;
    const std::size_t count = poll_elapsed(portion, polls);
    free_all(std::span(portion).first(count), free);
    t_thread.is_collecting = false;
    return count;
  }

  // Seals all that was retired before the call, and frees what has elapsed; with kUntilFree it
  // waits until all of that is free (not inside a ReadSection: it would wait for itself). Tokens
  // that a concurrent call has in its hands are left to that call.
  template <class F>
  std::size_t flush(F&& free, Wait wait) noexcept {
    seal_everything(wait);
    std::size_t freed = 0;
    for (int turn = 0;;
         ++turn) {  // ends with the last open section; each turn naps a little longer
      Batches elapsed;
      expedite_oldest(0);
      const bool is_drained = take_elapsed(elapsed);
      for (Batch& batch : elapsed) {
        free_all(batch.rest(), free);
        freed += batch.rest().size();
      }
      if (is_drained || wait == Wait::kNone) return freed;
      nap(turn);
    }
  }

  // Tokens retired and not freed; exact when no call is under way.
  std::size_t pending() const noexcept;

 private:
  struct Batch {
    std::vector<Token> tokens;
    GracePeriod grace;
    std::size_t taken = 0;  // of the tokens, from the front, by portions
    int polls = 0;          // that found the grace period not elapsed

    std::span<const Token> rest() const { return std::span(tokens).subspan(taken); }
  };
  using Portion = std::array<Token, kPortion>;
  using Batches = std::list<Batch>;  // spliced between lists, so that no lock covers an allocation

  struct alignas(base::kCacheLine) Stripe {
    Mutex mutex{Rank::kLimbo};
    std::size_t size LARDER_GUARDED_BY(mutex) = 0;
    std::array<Token, kStripeTokens> tokens LARDER_GUARDED_BY(mutex) = {};
    base::Atomic<std::uint64_t> retired{0};  // role: statistics; written under the mutex
  };

  template <class F>
  void free_all(std::span<const Token> tokens, F& free) noexcept {
    assert_no_locks_held();
    constexpr std::size_t kAhead = 8;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if constexpr (requires { free.prefetch(Token{}); }) {
        if (i + kAhead < tokens.size()) free.prefetch(tokens[i + kAhead]);
      }
      free(tokens[i]);  // CALLBACK: destructors of user values
    }
    freed_.add_relaxed(tokens.size());
  }

  Stripe& own_stripe() noexcept;
  Advice add_to_open_batch(std::span<const Token> tokens) noexcept;
  Advice seal(std::vector<Token> tokens) noexcept;
  void seal_everything(Wait wait) noexcept;
  // True when no sealed batch is left.
  bool take_elapsed(Batches& elapsed) noexcept;
  bool take_portion(Portion& portion, std::size_t& count) noexcept;
  std::size_t poll_elapsed(Portion& portion, int polls) noexcept;
  void expedite_oldest(int patience) noexcept;
  static void nap(int turn) noexcept;

  // constant after construction
  const std::size_t batch_size_;

  // atomics
  std::array<base::Atomic<Stripe*>, kStripes> stripes_{};  // role: publishes each stripe, once
  base::Atomic<std::uint64_t> freed_{0};                   // role: statistics

  Mutex mutex_{Rank::kLimbo};
  std::vector<Token> open_ LARDER_GUARDED_BY(mutex_);
  Batches sealed_ LARDER_GUARDED_BY(mutex_);  // the oldest first
  int away_ LARDER_GUARDED_BY(mutex_) = 0;    // sealed batches that are out to be expedited
};

}  // namespace larder::sync
