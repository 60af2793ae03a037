// The lanes of the scheduler: one thread, its timers by clock, its posts.
//
// Thread safety: as in scheduler.h.
#include "engine/scheduler.h"

#include <deque>
#include <map>
#include <pthread.h>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/secure.h"
#include "engine/trampoline.h"
#include "sync/mutex.h"
#include "sync/nap.h"

namespace larder::engine {
namespace {

constinit thread_local const void* t_lane = nullptr;  // the LaneThread that this thread runs
constinit thread_local bool t_timer_lane = false;

}  // namespace

// One thread and its work. States: idle (no thread yet), running, stopping (the thread runs what
// was posted, then ends). Owned by the Scheduler and by the thread.
class Scheduler::LaneThread : public std::enable_shared_from_this<LaneThread> {
 public:
  explicit LaneThread(Lane lane) noexcept : lane_(lane) {}

  TimerId add(std::int64_t at_ns, const Clock& clock, std::function<void()> callback) {
    sync::MutexLock lock(mutex_);
    const TimerId id{&clock, at_ns, ++last_sequence_, lane_};
    Timers& timers = timers_[&clock];
    const auto place = timers.emplace(Due{at_ns, id.sequence}, std::move(callback)).first;
    start_locked();
    if (place == timers.begin()) wake_.notify_one();
    return id;
  }

  bool cancel(const TimerId& id, bool wait) noexcept {
    std::function<void()> dropped;  // destroyed without the lock: it may own anything
    sync::UniqueLock lock(mutex_);
    const auto timers = timers_.find(id.clock);
    if (timers != timers_.end()) {
      const auto found = timers->second.find(Due{id.at_ns, id.sequence});
      if (found != timers->second.end()) {
        dropped = std::move(found->second);
        timers->second.erase(found);
        if (timers->second.empty()) timers_.erase(timers);
        lock.unlock();
        return true;
      }
    }
    // The loop ends when that callback has returned; callbacks are finite.
    while (wait && t_lane != this && running_ == id.sequence) idle_.wait(lock);
    return false;
  }

  void post(std::function<void()> task) {
    sync::MutexLock lock(mutex_);
    posts_.push_back(std::move(task));
    start_locked();
    wake_.notify_one();
  }

  void stop() noexcept {
    std::map<const Clock*, Timers> dropped;
    std::thread thread;
    {
      sync::MutexLock lock(mutex_);
      stopping_ = true;
      dropped.swap(timers_);
      thread = std::move(thread_);
      wake_.notify_one();
    }
    if (!thread.joinable()) return;
    if (t_lane == this) {
      thread.detach();  // its own share of this object keeps it until the callback has returned
    } else {
      thread.join();
    }
  }

 private:
  using Due = std::pair<std::int64_t, std::uint64_t>;  // instant, then order of scheduling
  using Timers = std::map<Due, std::function<void()>>;

  void start_locked() LARDER_REQUIRES(mutex_) {
    if (started_ || stopping_) return;
    started_ = true;
    base::clear_registers();  // the thread begins with them
    thread_ = std::thread([self = shared_from_this()] { self->run(); });
  }

  void run() {
    t_lane = this;
    t_timer_lane = lane_ == Lane::timer;
    pthread_setname_np(pthread_self(), t_timer_lane ? "larder-timer" : "larder-work");
    sync::UniqueLock lock(mutex_);
    while (true) {  // one turn for each callback or nap, until stopped
      std::function<void()> callback;
      if (take_due_locked(callback) || take_post_locked(callback)) {
        lock.unlock();
        call(callback);
        lock.lock();
        if (std::exchange(running_, 0) != 0) idle_.notify_all();
      } else if (stopping_) {
        return;
      } else {
        nap_locked(lock);
      }
    }
  }

  // CALLBACK: what was scheduled or posted; no lock is held.
  void call(std::function<void()>& callback) const {
    sync::assert_no_locks_held();
    const Trampoline::Scope scope(lane_ == Lane::work ? Trampoline::kWorkBound
                                                      : Trampoline::kNothing);
    callback();
    callback = nullptr;  // its destruction belongs to the call
  }

  bool take_due_locked(std::function<void()>& callback) LARDER_REQUIRES(mutex_) {
    for (auto timers = timers_.begin(); timers != timers_.end(); ++timers) {
      const auto first = timers->second.begin();
      if (timers->first->now_ns() < first->first.first) continue;
      callback = std::move(first->second);
      running_ = first->first.second;
      timers->second.erase(first);
      if (timers->second.empty()) timers_.erase(timers);
      return true;
    }
    return false;
  }

  bool take_post_locked(std::function<void()>& callback) LARDER_REQUIRES(mutex_) {
    if (posts_.empty()) return false;
    callback = std::move(posts_.front());
    posts_.pop_front();
    return true;
  }

  void nap_locked(sync::UniqueLock& lock) LARDER_REQUIRES(mutex_) {
    auto nap = std::chrono::nanoseconds::max();
    for (const auto& [clock, timers] : timers_) {
      nap = std::min(nap, sync::next_nap(timers.begin()->first.first, *clock));
    }
    if (nap > std::chrono::nanoseconds::zero()) wake_.wait_for(lock, nap);
  }

  const Lane lane_;  // constant after construction
  sync::Mutex mutex_{sync::Rank::kScheduler};
  sync::CondVar wake_;  // own synchronisation: there is work, or an end
  sync::CondVar idle_;  // own synchronisation: a timer's callback has returned
  // guarded by mutex_
  std::map<const Clock*, Timers> timers_ LARDER_GUARDED_BY(mutex_);  // no empty Timers inside
  std::deque<std::function<void()>> posts_ LARDER_GUARDED_BY(mutex_);
  std::uint64_t last_sequence_ LARDER_GUARDED_BY(mutex_) = 0;
  std::uint64_t running_ LARDER_GUARDED_BY(mutex_) = 0;  // the timer whose callback runs; 0: none
  bool started_ LARDER_GUARDED_BY(mutex_) = false;
  bool stopping_ LARDER_GUARDED_BY(mutex_) = false;
  std::thread thread_ LARDER_GUARDED_BY(mutex_);
};

Scheduler::Scheduler()
    : timer_(std::make_shared<LaneThread>(Lane::timer)),
      work_(std::make_shared<LaneThread>(Lane::work)) {}

Scheduler::~Scheduler() {
  timer_->stop();  // first: its callbacks post to the other
  work_->stop();
}

Scheduler::TimerId Scheduler::schedule(std::int64_t at_ns, const Clock& clock,
                                       std::function<void()> callback, Lane on) {
  CHECK(callback != nullptr);
  return lane(on).add(at_ns, clock, std::move(callback));
}

bool Scheduler::cancel(const TimerId& id) noexcept { return id && lane(id.lane).cancel(id, true); }

bool Scheduler::try_cancel(const TimerId& id) noexcept {
  return id && lane(id.lane).cancel(id, false);
}

void Scheduler::post(std::function<void()> task) {
  CHECK(task != nullptr);
  work_->post(std::move(task));
}

bool Scheduler::on_timer_lane() noexcept { return t_timer_lane; }

}  // namespace larder::engine
