#include "model/baton.h"

#include <algorithm>

namespace larder::model {
namespace {

thread_local int this_id = -1;

}  // namespace

Baton::Baton(int threads, std::uint64_t seed) : random_(seed), missing_(threads) {}

void Baton::enter(int id) {
  std::unique_lock lock(mutex_);
  this_id = id;
  running_.push_back(id);
  if (--missing_ == 0) {
    std::ranges::sort(running_);  // the order of arrival must not matter
    hand_on(lock);
  }
  changed_.wait(lock, [&] { return holder_ == id; });
}

void Baton::pass() {
  if (this_id < 0) return;
  std::unique_lock lock(mutex_);
  hand_on(lock);
  changed_.wait(lock, [&] { return holder_ == this_id; });
}

void Baton::leave() {
  std::unique_lock lock(mutex_);
  std::erase(running_, this_id);
  this_id = -1;
  hand_on(lock);
}

void Baton::hand_on(std::unique_lock<std::mutex>&) {
  holder_ = running_.empty() ? -1 : running_[random_() % running_.size()];
  changed_.notify_all();
}

}  // namespace larder::model
