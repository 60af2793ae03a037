// The mutex LRU under measurement. What it lacks, it does by what it has: a batch is one read after
// the other, a reference a copy, and get_or_set a read that is followed by a write.
//
// Thread safety: see subject.h.
#include <string>
#include <utility>

#include "bench/drive.h"
#include "bench/lru_peer.h"
#include "bench/subject.h"

namespace larder::bench {
namespace {

template <class T>
class LruSubject final : public Subject {
 public:
  explicit LruSubject(const SubjectSetup& setup)
      : values_(setup.value_bytes), cache_(setup.capacity) {}

  bool fill(std::span<const std::uint32_t> ids) override {
    for (const std::uint32_t id : ids) {
      const KeyText text = key_text(id);
      cache_.set({text.data(), text.size()}, values_.make(id));
    }
    return true;
  }

  void run(Workload workload, ThreadRun& run) override {
    switch (workload) {
      case Workload::get:
      case Workload::one_hot_key:
      case Workload::get_ref:
        return drive<1>(run, [&](const Request* r) { get(run, *r); });
      case Workload::get_many:
        return drive<kBatch>(run, [&](const Request* r) {
          for (std::size_t i = 0; i < kBatch; ++i) get(run, r[i]);
        });
      case Workload::set:
        return drive<1>(run, [&](const Request* r) { set(*r); });
      case Workload::mix:
        return drive<1>(run,
                        [&](const Request* r) { r->writes != 0 ? set(*r) : (void)get(run, *r); });
      case Workload::cache_aside:
      case Workload::get_or_set:
        return drive<1>(run, [&](const Request* r) {
          if (!get(run, *r)) set(*r);
        });
      case Workload::update:
        return drive<1>(run, [&](const Request* r) { update(run, *r); });
    }
  }

  std::uint64_t entries() override { return cache_.size(); }

  std::uint64_t updates(std::uint32_t keys) override {
    std::uint64_t sum = 0;
    T value{};
    for (std::uint32_t id = 0; id < keys; ++id) {
      const KeyText text = key_text(id);
      if (cache_.get({text.data(), text.size()}, value)) sum += values_.updates(value);
    }
    return sum;
  }

 private:
  bool get(ThreadRun& run, const Request& request) {
    T value;
    if (!cache_.get(request.key(), value)) {
      ++run.misses;
      return false;
    }
    ++run.hits;
    if (!values_.matches(value, request.id)) [[unlikely]]
      ++run.wrong;
    return true;
  }
  void set(const Request& request) { cache_.set(request.key(), values_.make(request.id)); }
  void update(ThreadRun& run, const Request& request) {
    const T now = cache_.update(request.key(), [&](const T* old) {
      T next = old != nullptr ? *old : values_.make(request.id);
      values_.count(next);
      return next;
    });
    if (!values_.matches(now, request.id)) ++run.wrong;
  }

  Values<T> values_;
  LruPeer<T> cache_;
};

}  // namespace

std::unique_ptr<Subject> make_lru_peer(const SubjectSetup& setup) {
  return with_value_type(setup, [&]<class T>() -> std::unique_ptr<Subject> {
    return std::make_unique<LruSubject<T>>(setup);
  });
}

}  // namespace larder::bench
