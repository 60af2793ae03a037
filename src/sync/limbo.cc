// The stations of a retired token: stripes, the open batch, sealed batches.
//
// Thread safety: as in limbo.h. No two of its locks are ever held together.
#include "sync/limbo.h"

#include <algorithm>
#include <sched.h>

#include "base/check.h"
#include "sync/event.h"

namespace larder::sync {

Limbo::Limbo(std::size_t batch_size) : batch_size_(batch_size) { CHECK_GE(batch_size, 1U); }

Limbo::~Limbo() {
  CHECK_EQ(pending(), 0U);
  for (auto& stripe : stripes_) delete stripe.load_acquire();  // pairs with own_stripe()
}

Limbo::Stripe& Limbo::own_stripe() noexcept {
  auto& place = stripes_[thread_slot() % kStripes];
  Stripe* stripe = place.load_acquire();  // pairs with the exchange below
  if (stripe != nullptr) return *stripe;
  auto* made = new Stripe;
  if (place.cas_strong_acq_rel(stripe, made)) return *made;  // pairs with the load above
  delete made;
  return *stripe;
}

Limbo::Advice Limbo::retire(Token token) noexcept {
  Stripe& stripe = own_stripe();
  std::array<Token, kStripeTokens> full;
  std::size_t count = 0;
  {
    MutexLock lock(stripe.mutex);
    stripe.retired.store_relaxed(stripe.retired.load_relaxed() + 1);
    stripe.tokens[stripe.size++] = token;
    if (stripe.size < std::min(kStripeTokens, batch_size_)) return Advice::kNone;
    full = stripe.tokens;
    count = std::exchange(stripe.size, 0);
  }
  return add_to_open_batch(std::span(full).first(count));
}

Limbo::Advice Limbo::add_to_open_batch(std::span<const Token> tokens) noexcept {
  std::vector<Token> full;
  {
    MutexLock lock(mutex_);
    if (open_.capacity() == 0) open_.reserve(batch_size_ + kStripeTokens);
    open_.insert(open_.end(), tokens.begin(), tokens.end());
    // Every stripe's worth frees a portion of an older batch.
    if (open_.size() < batch_size_) return sealed_.empty() ? Advice::kNone : Advice::kCollect;
    full.swap(open_);
  }
  return seal(std::move(full));
}

Limbo::Advice Limbo::seal(std::vector<Token> tokens) noexcept {
  // The tokens were unlinked before they came here; their grace period begins after that.
  Batches batch;
  batch.push_back({std::move(tokens), GracePeriod::begin()});
  MutexLock lock(mutex_);
  sealed_.splice(sealed_.end(), batch);
  return sealed_.size() < kMaxSealedBatches ? Advice::kCollect : Advice::kBackOff;
}

void Limbo::seal_everything(Wait wait) noexcept {
  CHECK(wait == Wait::kNone || !in_read_section());
  std::vector<Token> all;
  for (auto& place : stripes_) {
    Stripe* stripe = place.load_acquire();  // pairs with own_stripe()
    if (stripe == nullptr) continue;
    MutexLock lock(stripe->mutex);
    all.insert(all.end(), stripe->tokens.begin(),
               stripe->tokens.begin() + static_cast<std::ptrdiff_t>(stripe->size));
    stripe->size = 0;
  }
  {
    MutexLock lock(mutex_);
    all.insert(all.end(), open_.begin(), open_.end());
    open_.clear();
  }
  if (!all.empty()) seal(std::move(all));
}

// The poll under the lock costs one read for each section that the oldest batch still waits for.
bool Limbo::take_elapsed(Batches& elapsed) noexcept {
  MutexLock lock(mutex_);
  while (!sealed_.empty()) {  // bound: the sealed batches
    if (!sealed_.front().grace.elapsed()) return false;
    elapsed.splice(elapsed.end(), sealed_, sealed_.begin());
  }
  return away_ == 0;
}

// Oldest first; a batch that is used up is destroyed after the lock. True when none is left.
bool Limbo::take_portion(Portion& portion, std::size_t& count) noexcept {
  Batches used_up;
  MutexLock lock(mutex_);
  // As many as a stripe brings, so that what is freed is used again while it is warm; more when
  // more than one batch waits.
  const std::size_t most = sealed_.size() > 1 ? kPortion : kStripeTokens;
  while (count < most && !sealed_.empty()) {  // bound: a batch has a token at least
    Batch& oldest = sealed_.front();
    if (!oldest.grace.elapsed()) {
      ++oldest.polls;
      break;
    }
    const auto some = oldest.rest().first(std::min(oldest.rest().size(), most - count));
    std::ranges::copy(some, portion.begin() + count);
    count += some.size();
    oldest.taken += some.size();
    if (oldest.rest().empty()) used_up.splice(used_up.end(), sealed_, sealed_.begin());
  }
  return sealed_.empty() && away_ == 0;
}

// Out of the list and back, so that no lock is held over the fence.
void Limbo::expedite_oldest(int patience) noexcept {
  Batches oldest;
  {
    MutexLock lock(mutex_);
    if (sealed_.empty() || sealed_.front().polls < patience) return;
    oldest.splice(oldest.end(), sealed_, sealed_.begin());
    ++away_;
  }
  oldest.front().grace.expedite();
  MutexLock lock(mutex_);
  sealed_.splice(sealed_.begin(), oldest);
  --away_;
}

std::size_t Limbo::poll_elapsed(Portion& portion, int polls) noexcept {
  std::size_t count = 0;
  bool is_drained = false;
  for (int poll = 0; poll < polls && count == 0 && !is_drained; ++poll) {
    if (poll != 0) base::spin_pause();
    is_drained = take_portion(portion, count);
    if (count == 0 && !is_drained) expedite_oldest(kPatience);
  }
  return count;
}

std::size_t Limbo::pending() const noexcept {
  const std::uint64_t freed = freed_.load_relaxed();
  std::uint64_t retired = 0;
  for (const auto& place : stripes_) {
    const Stripe* stripe = place.load_acquire();  // pairs with own_stripe()
    if (stripe != nullptr) retired += stripe->retired.load_relaxed();
  }
  return retired > freed ? static_cast<std::size_t>(retired - freed) : 0;
}

// Readers leave within a copy of a value, so yielding is nearly always enough; the longer nap is
// for a reader that lost its processor.
void Limbo::nap(int turn) noexcept {
  constexpr int kYields = 64;
  constexpr std::int64_t kNapNs = 50'000;
  if (turn < kYields) {
    sched_yield();
    return;
  }
  const Clock& clock = *default_clock();  // real time, whatever the clock of the cache says
  Event never;
  never.wait_until(clock.now_ns() + kNapNs, clock);
}

}  // namespace larder::sync
