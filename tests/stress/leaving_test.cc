// Ten thousand callers that leave a load by their deadline, by their stop token or by the
// destruction of their coroutine, at random points: nobody hangs, nothing leaks, everybody is
// counted, and the cache loads again afterwards. Time is a manual clock.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "caller_loop.h"
#include "detached.h"
#include "larder/async.h"
#include "larder/manager.h"
#include "larder/testing.h"
#include "latch.h"
#include "process_counts.h"
#include "scale.h"
#include "small_thread.h"

namespace larder::stress {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kCallers = 10'000;
constexpr std::size_t kWave = 250;  // blocking callers alive at once
constexpr std::size_t kSources = 16;
constexpr int kLongestMs = 50;  // deadlines, virtual

/// A value that counts how many of it live.
struct Counted {
  static inline std::atomic<std::ptrdiff_t> alive{0};

  explicit Counted(int number) : text("value " + std::to_string(number)) { ++alive; }
  Counted(const Counted& other) : text(other.text) { ++alive; }
  Counted(Counted&& other) noexcept : text(std::move(other.text)) { ++alive; }
  Counted& operator=(const Counted&) = default;
  Counted& operator=(Counted&&) = default;
  ~Counted() { --alive; }

  std::string text;
};

struct Answers {
  std::atomic<std::size_t> served{0};
  std::atomic<std::size_t> late{0};
  std::atomic<std::size_t> cancelled{0};
  std::atomic<std::size_t> other{0};
  std::atomic<std::size_t> destroyed{0};
  std::atomic<std::size_t> unexpected_loads{0};

  void count(const Lookup<Counted>& answer) {
    if (answer) {
      ++served;
    } else if (answer.failed() && answer.error().code() == Errc::deadline_exceeded) {
      ++late;
    } else if (answer.failed() && answer.error().code() == Errc::cancelled) {
      ++cancelled;
    } else {
      ++other;
    }
  }
  [[nodiscard]] std::size_t left() const { return late + cancelled + destroyed; }
  [[nodiscard]] std::size_t all() const { return served + left() + other; }
};

enum class Exit { stays, deadline, token, destroyed };

/// The cache, its clock, the stop sources, and the load that everybody waits for.
class Scene {
 public:
  explicit Scene(std::uint64_t seed) : random_(seed) {
    cache_.emplace(
        manager_.open<Counted>("leaving", {.settings = {.max_load_time = 24h}, .clock = clock_})
            .value());
  }

  const Cache<Counted>& cache() const { return *cache_; }
  Answers& answers() { return answers_; }
  std::mt19937_64& random() { return random_; }

  /// A new key whose load has begun and does not end before release().
  void begin_load(int number) {
    key_ = "key " + std::to_string(number);
    latch_ = std::make_unique<Latch>();
    lead(cache(), key_, *latch_, number, leader_served_);
    sources_.assign(kSources, std::stop_source());
  }
  void release() { latch_->open(); }
  const std::string& key() const { return key_; }
  std::size_t leaders_served() const { return leader_served_; }

  Context context(Exit exit, std::mt19937_64& random) const {
    Context context;
    if (exit == Exit::deadline) {
      context = Context::within(std::chrono::milliseconds(1 + random() % kLongestMs), *clock_);
    } else if (exit == Exit::token) {
      context = Context::until(sources_[random() % kSources].get_token());
    }
    return context;
  }
  /// One random push: time goes on, or a stop source fires.
  void push() {
    if (random_() % 2 == 0) clock_->advance(std::chrono::milliseconds(1 + random_() % 5));
    if (random_() % 2 == 0) sources_[random_() % kSources].request_stop();
    std::this_thread::yield();
  }
  /// Whoever may leave is told to.
  void push_all() {
    for (std::stop_source& source : sources_) source.request_stop();
    clock_->advance(std::chrono::milliseconds(kLongestMs));
  }

  Counted fallback() {
    ++answers_.unexpected_loads;
    return Counted(-1);
  }

  /// After the last wave: all is as before, and the cache works.
  void expect_quiet() const {
    const Stats stats = cache().stats();
    EXPECT_EQ(stats.flights, 0U);
    EXPECT_EQ(stats.waiters, 0U);
    EXPECT_EQ(testing::validate(cache()), "");
    EXPECT_EQ(answers_.other, 0U);
    EXPECT_EQ(answers_.unexpected_loads, 0U);
    int fresh = 0;
    EXPECT_TRUE(cache().get_or_set("fresh", [&] { return Counted(++fresh); }));
    EXPECT_EQ(fresh, 1);
  }
  void print(const char* face, std::size_t callers) const {
    const Stats stats = cache().stats();
    std::printf(
        "%s: callers %zu = served %zu + late %zu + cancelled %zu + destroyed %zu; "
        "joins %zu, leaves %zu\n",
        face, callers, answers_.served.load(), answers_.late.load(), answers_.cancelled.load(),
        answers_.destroyed.load(), static_cast<std::size_t>(stats.joins),
        static_cast<std::size_t>(stats.leaves));
  }

 private:
  static Detached lead(Cache<Counted> cache, std::string key, Latch& latch, int number,
                       std::atomic<std::size_t>& served) {
    const auto load = [&latch, number]() -> Task<Counted> {
      co_await latch;
      co_return Counted(number);
    };
    const auto answer = co_await cache.async().get_or_set(key, load);
    if (answer) ++served;
  }

  const std::shared_ptr<testing::ManualClock> clock_ = std::make_shared<testing::ManualClock>();
  Manager manager_;
  std::optional<Cache<Counted>> cache_;
  Answers answers_;
  std::mt19937_64 random_;
  std::string key_;
  std::unique_ptr<Latch> latch_;
  std::vector<std::stop_source> sources_;
  std::atomic<std::size_t> leader_served_{0};
};

/// Runs the test's body between two looks at what the process holds.
template <class Body>
void without_leaks(Body body) {
  {
    Scene warm_up(0);
  }  // what the library keeps for the life of the process
  const ProcessCounts before = ProcessCounts::now();
  body();
  EXPECT_EQ(ProcessCounts::settled(before), before);
  EXPECT_EQ(Counted::alive, 0);
}

// ---- blocking

std::vector<SmallThread> start_wave(Scene& scene, std::size_t& stays) {
  std::vector<SmallThread> threads;
  threads.reserve(kWave);
  for (std::size_t i = 0; i < kWave; ++i) {
    const auto exit = static_cast<Exit>(scene.random()() % 3);
    stays += exit == Exit::stays ? 1 : 0;
    threads.emplace_back([&scene, context = scene.context(exit, scene.random())] {
      scene.answers().count(scene.cache().with(context).get_or_set(
          scene.key(), [&](LoadContext&) { return scene.fallback(); }));
    });
  }
  return threads;
}

TEST(Leaving, BlockingCallersBeforeTheLoadEnds) {
  without_leaks([] {
    Scene scene(1);
    std::size_t stays = 0;
    std::size_t started = 0;
    for (int wave = 0; started < kCallers / 2; ++wave) {
      scene.begin_load(wave);
      {
        const std::vector<SmallThread> threads = start_wave(scene, stays);
        started += kWave;
        while (scene.cache().stats().joins < started) std::this_thread::yield();
        for (int i = 0; i < 20; ++i) scene.push();
        scene.push_all();
        while (scene.cache().stats().leaves < started - stays) std::this_thread::yield();
        scene.release();
      }
      EXPECT_EQ(scene.answers().served, stays);
      EXPECT_EQ(scene.answers().left(), started - stays);
      EXPECT_EQ(scene.cache().stats().waiters, 0U);
    }
    EXPECT_EQ(scene.cache().stats().leaves, started - stays);
    scene.print("blocking, before the end", started);
    scene.expect_quiet();
  });
}

TEST(Leaving, BlockingCallersWhileTheLoadEnds) {
  without_leaks([] {
    Scene scene(2);
    std::size_t stays = 0;
    std::size_t started = 0;
    for (int wave = 0; started < kCallers / 2; ++wave) {
      scene.begin_load(wave);
      {
        const std::vector<SmallThread> threads = start_wave(scene, stays);
        started += kWave;
        const auto pushes = static_cast<int>(scene.random()() % 20);
        for (int i = 0; i < pushes; ++i) scene.push();
        scene.release();
        for (int i = 0; i < 5; ++i) scene.push();
        scene.push_all();
      }
      EXPECT_EQ(scene.answers().all(), started);
    }
    const Stats stats = scene.cache().stats();
    // Who hits is served; who joins is served or leaves. (A caller may also be served by an entry
    // that came between its miss and its turn to join.)
    EXPECT_GE(scene.answers().served + stats.leaves, stats.hits + stats.joins);
    EXPECT_EQ(scene.answers().served + scene.answers().left(), started);
    EXPECT_GE(scene.answers().served, stays);
    EXPECT_LE(stats.leaves, scene.answers().left());
    scene.print("blocking, while it ends", started);
    scene.expect_quiet();
  });
}

// ---- coroutines

/// One thread with its share of the callers.
class Worker {
 public:
  Worker(Scene& scene, std::uint64_t seed) : scene_(scene), random_(seed) {}

  void start(std::size_t callers) {
    for (std::size_t i = 0; i < callers; ++i) {
      const auto exit = static_cast<Exit>(random_() % 4);
      stays_ += exit == Exit::stays ? 1 : 0;
      live_.push_back({call(scene_, scene_.context(exit, random_), loop_), exit});
      if (mixes_ && random_() % 8 == 0) turn();
    }
  }
  /// Until nobody but those who stay is left; `all`: until nobody is.
  void run(bool all) {
    while (std::ranges::any_of(live_,
                               [&](const Live& live) { return all || live.exit != Exit::stays; })) {
      if (!turn()) std::this_thread::yield();
    }
  }
  [[nodiscard]] std::size_t stays() const { return stays_; }
  /// Callers may go while others still come.
  void mix() { mixes_ = true; }

 private:
  struct Live {
    OwnedCaller caller;
    Exit exit;
  };

  static OwnedCaller call(Scene& scene, Context context, CallerLoop& loop) {
    const auto cache = scene.cache().with(std::move(context));
    const auto resumer = [&loop](Resumption resumption) { loop.post(std::move(resumption)); };
    const auto load = [&scene] { return scene.fallback(); };
    scene.answers().count(co_await cache.async(resumer).get_or_set(scene.key(), load));
  }

  bool turn() {
    const bool resumed = loop_.run_posted();
    const std::size_t before = live_.size();
    std::erase_if(live_, [&](const Live& live) {
      if (live.caller.ended()) return true;
      if (live.exit != Exit::destroyed || random_() % 4 != 0) return false;
      ++scene_.answers().destroyed;
      return true;
    });
    return resumed || live_.size() != before;
  }

  Scene& scene_;
  std::mt19937_64 random_;
  CallerLoop loop_;
  std::vector<Live> live_;
  std::size_t stays_ = 0;
  bool mixes_ = false;
};

TEST(Leaving, CoroutinesBeforeTheLoadEnds) {
  without_leaks([] {
    Scene scene(3);
    scene.begin_load(0);
    std::atomic<std::size_t> stays{0};
    std::atomic<bool> leave{false};
    {
      std::vector<std::jthread> threads;
      for (std::size_t t = 0; t < kStarters; ++t) {
        threads.emplace_back([&, t] {
          Worker worker(scene, 100 + t);
          worker.start(kCallers / kStarters);
          stays += worker.stays();
          while (!leave) std::this_thread::yield();
          worker.run(false);
          worker.run(true);
        });
      }
      while (scene.cache().stats().joins < kCallers) std::this_thread::yield();
      leave = true;
      for (int i = 0; i < 40; ++i) scene.push();
      scene.push_all();
      while (scene.cache().stats().leaves < kCallers - stays) std::this_thread::yield();
      EXPECT_EQ(scene.answers().served, 0U);
      scene.release();
    }
    EXPECT_EQ(scene.answers().served, stays);
    EXPECT_EQ(scene.answers().left(), kCallers - stays);
    EXPECT_EQ(scene.cache().stats().leaves, kCallers - stays);
    scene.print("coroutines, before the end", kCallers);
    scene.expect_quiet();
  });
}

TEST(Leaving, CoroutinesWhileTheLoadEnds) {
  without_leaks([] {
    Scene scene(4);
    constexpr std::size_t kRounds = 10;
    for (std::size_t round = 0; round < kRounds; ++round) {
      scene.begin_load(static_cast<int>(round));
      std::atomic<std::size_t> running{kStarters};
      std::vector<std::jthread> threads;
      for (std::size_t t = 0; t < kStarters; ++t) {
        threads.emplace_back([&, t] {
          Worker worker(scene, round * 100 + t);
          worker.mix();
          worker.start(kCallers / kRounds / kStarters);
          worker.run(true);
          --running;
        });
      }
      auto pushes = scene.random()() % 60;
      for (; pushes > 0; --pushes) scene.push();
      scene.release();
      while (running != 0) scene.push();
    }
    const Stats stats = scene.cache().stats();
    const Answers& answers = scene.answers();
    EXPECT_EQ(answers.all(), kCallers);
    // Who joined was served, left, or was destroyed when its answer was already on its way.
    EXPECT_GE(answers.served + answers.left(), stats.hits + stats.joins);
    EXPECT_LE(stats.leaves, answers.left());
    scene.print("coroutines, while it ends", kCallers);
    scene.expect_quiet();
  });
}

// ---- nobody stays

Detached lead_until(Cache<Counted> cache, Answers& answers, Latch& latch,
                    std::atomic<bool>& stopped) {
  const auto load = [&latch, &stopped](LoadContext& context) -> Task<Counted> {
    const std::stop_callback on_stop(context.stop_token(), [&stopped] { stopped = true; });
    co_await latch;
    co_return Counted(1);
  };
  answers.count(co_await cache.async().get_or_set("key", load));
}

TEST(Leaving, TheLoadThatNobodyWaitsForIsStoppedAndNotStored) {
  without_leaks([] {
    Scene scene(5);
    Latch latch;
    std::atomic<bool> stopped{false};
    std::stop_source source;
    const auto cache = scene.cache().with(Context::until(source.get_token()));
    Answers& answers = scene.answers();
    constexpr std::size_t kFew = 500;
    for (std::size_t i = 0; i < kFew; ++i) lead_until(cache, answers, latch, stopped);
    EXPECT_EQ(scene.cache().stats().waiters, kFew);
    EXPECT_FALSE(stopped);
    source.request_stop();
    while (answers.all() < kFew) std::this_thread::yield();
    EXPECT_EQ(answers.cancelled, kFew);
    EXPECT_TRUE(stopped);
    EXPECT_EQ(scene.cache().stats().flights, 0U);
    EXPECT_EQ(scene.cache().stats().waiters, 0U);
    latch.open();
    EXPECT_FALSE(scene.cache().contains("key").value());
    scene.expect_quiet();
  });
}

// ---- how late, in real time

void print_lateness(const char* face, std::vector<std::int64_t> late_ns) {
  std::ranges::sort(late_ns);
  const auto at = [&](double part) {
    const auto rank = static_cast<std::size_t>(part * static_cast<double>(late_ns.size() - 1));
    return static_cast<double>(late_ns[rank]) / 1e6;
  };
  std::printf(
      "%s: %zu callers return after their deadline by p50 %.2f ms, p99 %.2f ms, "
      "p99.9 %.2f ms (aim: 50 ms)\n",
      face, late_ns.size(), at(0.5), at(0.99), at(0.999));
}

Detached wait_in_real_time(Cache<int> cache, std::int64_t deadline_ns, std::int64_t& late_ns,
                           std::atomic<std::size_t>& done) {
  const auto load = [] { return 0; };
  const auto answer = co_await cache.async().get_or_set("key", load);
  late_ns = default_clock()->now_ns() - deadline_ns;
  EXPECT_EQ(answer.error().code(), Errc::deadline_exceeded);
  ++done;
}

Detached hold(Cache<int> cache, Latch& latch) {
  const auto load = [&latch]() -> Task<int> {
    co_await latch;
    co_return 1;
  };
  const auto answer = co_await cache.async().get_or_set("key", load);
  EXPECT_TRUE(answer);
}

TEST(Leaving, InRealTimeIsReported) {
  constexpr std::size_t kThreadsInTime = 400;
  constexpr std::size_t kCoroutinesInTime = 4'000;
  Manager manager;
  const auto cache = manager.open<int>("real").value();
  Latch latch;
  hold(cache, latch);
  const auto deadline = [first = default_clock()->now_ns()](std::size_t i) {
    return first + static_cast<std::int64_t>(200 + i % 200) * 1'000'000;
  };
  const auto bound_to = [&](std::int64_t deadline_ns) {
    Context context;
    context.deadline_ns = deadline_ns;
    return cache.with(context);
  };
  std::vector<std::int64_t> in_threads(kThreadsInTime);
  std::vector<std::int64_t> in_coroutines(kCoroutinesInTime);
  std::atomic<std::size_t> done{0};
  {
    std::vector<SmallThread> threads;
    for (std::size_t i = 0; i < kThreadsInTime; ++i) {
      threads.emplace_back([&, i] {
        const auto answer = bound_to(deadline(i)).get_or_set("key", [] { return 0; });
        in_threads[i] = default_clock()->now_ns() - deadline(i);
        EXPECT_EQ(answer.error().code(), Errc::deadline_exceeded);
      });
    }
    for (std::size_t i = 0; i < kCoroutinesInTime; ++i) {
      wait_in_real_time(bound_to(deadline(i)), deadline(i), in_coroutines[i], done);
    }
  }
  while (done < kCoroutinesInTime) std::this_thread::yield();
  print_lateness("blocking", in_threads);
  print_lateness("coroutines", in_coroutines);
  latch.open();
}

}  // namespace
}  // namespace larder::stress
