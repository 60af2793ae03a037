// The hand-over: a holder, drawn anew at each pass. See baton.h.
// Thread safety: all state behind one mutex; the caller's number is thread-local.
#include "model/baton.h"

#include <algorithm>

namespace larder::model {
namespace {

thread_local int this_id = -1;

}  // namespace

Baton::Baton(int threads, std::uint64_t seed)
    : turns_(static_cast<std::size_t>(threads)), random_(seed), missing_(threads) {}

void Baton::enter(int id) {
  std::unique_lock lock(mutex_);
  this_id = id;
  running_.push_back(id);
  if (--missing_ == 0) {
    std::ranges::sort(running_);  // the order of arrival must not matter
    hand_on();
  }
  wait_for_turn(lock, id);
}

void Baton::pass() {
  if (this_id < 0) return;
  std::unique_lock lock(mutex_);
  hand_on();
  wait_for_turn(lock, this_id);
}

void Baton::leave() {
  const std::lock_guard lock(mutex_);
  std::erase(running_, this_id);
  this_id = -1;
  hand_on();
}

void Baton::hand_on() {
  holder_ = running_.empty() ? -1 : running_[random_() % running_.size()];
  if (holder_ >= 0) turns_[static_cast<std::size_t>(holder_)].notify_one();
}

void Baton::wait_for_turn(std::unique_lock<std::mutex>& lock, int id) {
  turns_[static_cast<std::size_t>(id)].wait(lock, [&] { return holder_ == id; });
}

}  // namespace larder::model
