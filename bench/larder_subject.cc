// A Larder cache under measurement, through the public interface alone.
//
// Thread safety: see subject.h.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bench/drive.h"
#include "bench/subject.h"
#include "larder/cache.h"
#include "larder/manager.h"
#include "larder/options.h"

namespace larder::bench {
namespace {

template <class T>
class LarderSubject final : public Subject {
 public:
  explicit LarderSubject(const SubjectSetup& setup)
      : values_(setup.value_bytes), cache_(open(manager_, setup)) {}

  [[nodiscard]] bool is_open() const { return cache_.has_value(); }

  bool fill(std::span<const std::uint32_t> ids) override {
    return std::all_of(ids.begin(), ids.end(), [&](std::uint32_t id) {
      const KeyText text = key_text(id);
      return cache_->set({text.data(), text.size()}, values_.make(id)).ok();
    });
  }

  void run(Workload workload, ThreadRun& run) override {
    switch (workload) {
      case Workload::one_hot_key:
      case Workload::get:
        return get(run);
      case Workload::set:
        return set(run);
      case Workload::mix:
        return mix(run);
      case Workload::cache_aside:
        return cache_aside(run);
      case Workload::get_or_set:
        return get_or_set(run);
      case Workload::update:
        return update(run);
      case Workload::get_many:
        return get_many(run);
      case Workload::get_ref:
        return get_ref(run);
    }
  }

  std::uint64_t entries() override { return cache_->stats().entries; }

  std::uint64_t updates(std::uint32_t keys) override {
    std::uint64_t sum = 0;
    for (std::uint32_t id = 0; id < keys; ++id) {
      const KeyText text = key_text(id);
      if (const auto found = cache_->get({text.data(), text.size()}))
        sum += values_.updates(*found);
    }
    return sum;
  }

 private:
  static std::optional<Cache<T>> open(Manager& manager, const SubjectSetup& setup) {
    CacheOptions<T> options;
    options.settings.max_entries = setup.capacity;
    if (setup.seed != 0) options.hash_seed = setup.seed;
    auto cache = manager.open<T>("bench", std::move(options));
    if (!cache) return std::nullopt;
    return *std::move(cache);
  }

  void check(ThreadRun& run, const Lookup<T>& found, std::uint32_t id) const {
    if (found.hit()) [[likely]] {
      ++run.hits;
      if (!values_.matches(*found, id)) [[unlikely]]
        ++run.wrong;
    } else if (found.failed()) {
      ++run.failed;
    } else {
      ++run.misses;
    }
  }
  void store(ThreadRun& run, const Request& request) const {
    if (!cache_->set(request.key(), values_.make(request.id)).ok()) ++run.failed;
  }

  void get(ThreadRun& run) const {
    drive<1>(run, [&](const Request* r) { check(run, cache_->get(r->key()), r->id); });
  }
  void set(ThreadRun& run) const {
    drive<1>(run, [&](const Request* r) { store(run, *r); });
  }
  void mix(ThreadRun& run) const {
    drive<1>(run, [&](const Request* r) {
      r->writes != 0 ? store(run, *r) : check(run, cache_->get(r->key()), r->id);
    });
  }
  void cache_aside(ThreadRun& run) const {
    drive<1>(run, [&](const Request* r) {
      const Lookup<T> found = cache_->get(r->key());
      check(run, found, r->id);
      if (found.miss()) store(run, *r);
    });
  }
  void get_or_set(ThreadRun& run) const {
    drive<1>(run, [&](const Request* r) {
      bool loaded = false;
      const Lookup<T> found = cache_->get_or_set(r->key(), [&] {
        loaded = true;
        return values_.make(r->id);
      });
      check(run, found, r->id);
      if (loaded) {
        --run.hits;
        ++run.misses;
      }
    });
  }
  void update(ThreadRun& run) const {
    drive<1>(run, [&](const Request* r) {
      const auto updated = cache_->update(r->key(), [&](const T* old) {
        T now = old != nullptr ? *old : values_.make(r->id);
        values_.count(now);
        return now;
      });
      if (!updated.ok()) {
        ++run.failed;
      } else if (!values_.matches(*updated->value, r->id)) {
        ++run.wrong;
      }
    });
  }
  void get_many(ThreadRun& run) const {
    std::array<std::string_view, kBatch> keys;
    drive<kBatch>(run, [&](const Request* r) {
      for (std::size_t i = 0; i < kBatch; ++i) keys[i] = r[i].key();
      const auto found = cache_->get_many(keys);
      for (std::size_t i = 0; i < kBatch; ++i) check(run, found[i], r[i].id);
    });
  }
  void get_ref(ThreadRun& run) const {
    drive<1>(run, [&](const Request* r) {
      const auto found = cache_->get_ref(r->key());
      if (found.hit()) [[likely]] {
        ++run.hits;
        if (!values_.matches(**found, r->id)) [[unlikely]]
          ++run.wrong;
      } else {
        ++(found.failed() ? run.failed : run.misses);
      }
    });
  }

  Values<T> values_;
  Manager manager_;
  std::optional<Cache<T>> cache_;
};

}  // namespace

std::unique_ptr<Subject> make_larder(const SubjectSetup& setup) {
  return with_value_type(setup, [&]<class T>() -> std::unique_ptr<Subject> {
    auto subject = std::make_unique<LarderSubject<T>>(setup);
    if (!subject->is_open()) return nullptr;
    return subject;
  });
}

}  // namespace larder::bench
