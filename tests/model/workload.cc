// Draws operations and arguments, performs and records them. See workload.h.
// Thread safety: a Client belongs to its thread; the Target and Environment are shared.
#include "model/workload.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <thread>
#include <utility>

#include "model/baton.h"

namespace larder::model {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;

/// One client: draws operations, performs them, records them.
class Client {
 public:
  Client(const Workload& workload, const CacheFacts& facts, const Environment& environment,
         Target& target, ClientLog& log)
      : workload_(workload),
        facts_(facts),
        environment_(environment),
        target_(target),
        log_(log),
        random_(workload.seed * 1'000'003 + static_cast<std::uint64_t>(log.client())),
        draw_op_(workload.weights.begin(), workload.weights.end()) {}

  void run() {
    log_.reserve(static_cast<std::size_t>(workload_.operations_per_client));
    for (int i = 0; i < workload_.operations_per_client; ++i) {
      if (environment_.advance_ns && percent(workload_.advance_percent)) {
        environment_.advance_ns(
            static_cast<std::int64_t>(below(2 * workload_.ttl_unit_ns / kMillisecond)) *
                kMillisecond +
            kMillisecond);
      }
      Event event;
      event.op = static_cast<Op>(draw_op_(random_));
      choose_arguments(event);
      call(event);
      remember_versions(event);
      log_.add(std::move(event));
      maybe_pause();
    }
  }

 private:
  std::uint64_t below(std::int64_t bound) { return random_() % static_cast<std::uint64_t>(bound); }
  bool percent(unsigned chance) { return below(100) < chance; }
  void maybe_pause() {
    if (percent(workload_.pause_percent)) environment_.pause();
  }

  /// The clocks enclose each other: whatever instant the engine acts at lies between both pairs.
  void call(Event& event) {
    const bool pause_before = percent(workload_.pause_percent);
    const bool pause_after = percent(workload_.pause_percent);
    event.call_ns = environment_.order_now_ns();
    event.call_clock_ns = environment_.clock_now_ns();
    if (pause_before) environment_.pause();
    target_.perform(event);
    if (pause_after) environment_.pause();
    event.return_clock_ns = environment_.clock_now_ns();
    event.return_ns = environment_.order_now_ns();
  }

  // --- arguments --------------------------------------------------------------------------

  const std::string& key() { return facts_.keys[below(std::ssize(facts_.keys))]; }

  std::vector<std::string> several_keys() {
    std::vector<std::string> keys;
    for (const std::string& key : facts_.keys) {
      if (percent(50)) keys.push_back(key);
    }
    if (keys.empty()) keys.push_back(key());
    return keys;
  }

  /// Unique in the run, small enough for any counter, its residues mixed.
  std::int64_t fresh_value() {
    ++values_;
    return (values_ * 64 + log_.client()) * 16 + static_cast<std::int64_t>(below(16));
  }

  template <std::size_t N>
  std::string one_of(const char* const (&words)[N]) {
    return words[below(N)];
  }

  TtlArgument ttl() {
    if (percent(workload_.short_ttl_percent)) {
      const auto units = static_cast<std::int64_t>(1 + below(8));
      return {.kind = TtlArgument::Kind::span, .span_ns = units * workload_.ttl_unit_ns};
    }
    return percent(10) ? TtlArgument{.kind = TtlArgument::Kind::forever} : TtlArgument{};
  }

  std::vector<std::string> tags() {
    std::vector<std::string> tags;
    if (percent(40)) tags.emplace_back("blue");
    if (percent(40)) tags.emplace_back("red");
    return tags;
  }

  std::string pattern() {
    static constexpr const char* kPatterns[] = {"*", "k*", "k?", "k0", "k1", "k[01]", "k[^0]"};
    return one_of(kPatterns);
  }

  void choose_index(Event& event) {
    static constexpr const char* kBoundTerms[] = {"x", "y"};
    const bool declared = event.op != Op::add_index && event.op != Op::remove_index && percent(70);
    event.index = declared ? facts_.declared.name : "bound";
    event.term =
        declared
            ? facts_.declared.term_of(static_cast<std::int64_t>(below(facts_.declared.modulus)))
            : one_of(kBoundTerms);
  }

  void choose_arguments(Event& event) {
    switch (event.op) {
      case Op::get_many:
      case Op::metadata_many:
      case Op::erase_many:
        event.keys = several_keys();
        return;
      case Op::clear:
        return;
      case Op::erase_by_pattern:
      case Op::keys_by_pattern:
      case Op::scan:
        event.pattern = pattern();
        return;
      case Op::erase_by_index:
        if (percent(20)) event.keys = {key()};
        choose_index(event);
        return;
      case Op::get_by_index:
      case Op::get_values_by_index:
      case Op::count_by_index:
        choose_index(event);
        return;
      case Op::add_index:
      case Op::remove_index:
        event.pattern = pattern();
        choose_index(event);
        return;
      case Op::erase_by_tag:
        event.tags = {percent(50) ? "blue" : "red"};
        return;
      case Op::set_many:
      case Op::get_or_set_many:
        event.keys = several_keys();
        for (std::size_t i = 0; i < event.keys.size(); ++i) event.values.push_back(fresh_value());
        event.ttl = ttl();
        event.tags = tags();
        return;
      default:
        choose_single(event);
        return;
    }
  }

  void choose_single(Event& event) {
    const std::size_t number = below(std::ssize(facts_.keys));
    event.keys = {facts_.keys[number]};
    switch (event.op) {
      case Op::set:
      case Op::set_if_absent:
      case Op::set_if_present:
      case Op::get_or_set:
        event.values = {fresh_value()};
        event.ttl = ttl();
        event.tags = tags();
        return;
      case Op::compare_and_set:
        event.values = {fresh_value()};
        event.expected = percent(20) ? VersionId{} : versions_[event.keys[0]];
        event.ttl = percent(50) ? ttl() : TtlArgument{.kind = TtlArgument::Kind::keep};
        return;
      case Op::touch:
        event.ttl = ttl();
        return;
      case Op::set_tags:
        event.tags = tags();
        return;
      case Op::rename: {
        const std::size_t twin = number ^ 1U;
        event.keys.push_back(facts_.keys[twin < facts_.keys.size() ? twin : number]);
        return;
      }
      case Op::increment:
      case Op::decrement:
        event.values = {static_cast<std::int64_t>(1 + below(5))};
        event.ttl = ttl();
        return;
      case Op::update:
        event.ttl = {.kind = TtlArgument::Kind::keep};
        event.updater = UpdaterRun{.decision = percent(60)   ? UpdaterRun::Decision::store
                                               : percent(50) ? UpdaterRun::Decision::keep
                                                             : UpdaterRun::Decision::erase};
        if (event.updater->decision == UpdaterRun::Decision::store) {
          event.updater->new_value = fresh_value();
        }
        return;
      default:
        return;
    }
  }

  void remember_versions(const Event& event) {
    if (event.version) versions_[event.keys[0]] = *event.version;
    for (const Seen& seen : event.seen) {
      if (seen.version) versions_[seen.key] = *seen.version;
    }
  }

  const Workload& workload_;
  const CacheFacts& facts_;
  const Environment& environment_;
  Target& target_;
  ClientLog& log_;
  std::mt19937_64 random_;
  std::discrete_distribution<int> draw_op_;
  std::int64_t values_ = 0;
  std::map<std::string, VersionId> versions_;  ///< last seen by this client; bound: the keys
};

/// Starts one thread per client; `enter` and `leave` frame each.
History run_clients(const Workload& workload, const Environment& environment, Target& target,
                    const std::function<void(int)>& enter, const std::function<void()>& leave) {
  History history{.name = workload.name, .seed = workload.seed, .facts = facts_of(workload)};
  Recorder recorder;
  std::vector<std::thread> threads;
  for (int i = 0; i < workload.clients; ++i) {
    ClientLog& log = recorder.add_client();
    threads.emplace_back([&, i] {
      enter(i);
      Client(workload, history.facts, environment, target, log).run();
      leave();
    });
  }
  for (std::thread& thread : threads) thread.join();
  history.events = recorder.collect();
  return history;
}

}  // namespace

OpWeights all_operations() {
  OpWeights weights;
  weights.fill(2);
  for (const Op op : {Op::get, Op::get_entry, Op::contains, Op::metadata, Op::set, Op::update,
                      Op::get_or_set, Op::compare_and_set, Op::increment, Op::get_by_index}) {
    weights[static_cast<std::size_t>(op)] = 6;
  }
  weights[static_cast<std::size_t>(Op::clear)] = 1;
  return weights;
}

OpWeights only(std::initializer_list<Op> operations) {
  OpWeights weights{};
  for (const Op op : operations) ++weights[static_cast<std::size_t>(op)];
  return weights;
}

CacheFacts facts_of(const Workload& workload) {
  CacheFacts facts = workload.facts;
  facts.keys.clear();
  for (int i = 0; i < workload.keys; ++i) facts.keys.push_back("k" + std::to_string(i));
  return facts;
}

History run_workload(const Workload& workload, const Environment& environment, Target& target) {
  return run_clients(workload, environment, target, [](int) {}, [] {});
}

History run_deterministic(const Workload& workload, const MakeTarget& make) {
  Baton baton(workload.clients, workload.seed);
  std::int64_t order_ns = 0;  // both clocks belong to whoever holds the baton
  std::int64_t clock_ns = 1'000 * kMillisecond;
  const Environment environment{
      .order_now_ns = [&order_ns] { return ++order_ns; },
      .clock_now_ns = [&clock_ns] { return clock_ns; },
      .advance_ns = [&clock_ns](std::int64_t by) { clock_ns += by; },
      .pause = [&baton] { baton.pass(); },
  };
  const CacheFacts facts = facts_of(workload);
  const std::unique_ptr<Target> target = make(facts, environment);
  return run_clients(
      workload, environment, *target, [&](int id) { baton.enter(id); }, [&] { baton.leave(); });
}

Environment free_running_environment(std::function<std::int64_t()> clock_now_ns,
                                     std::function<void(std::int64_t)> advance_ns) {
  return {.order_now_ns =
              [] {
                return std::chrono::duration_cast<std::chrono::nanoseconds>(
                           std::chrono::steady_clock::now().time_since_epoch())
                    .count();
              },
          .clock_now_ns = std::move(clock_now_ns),
          .advance_ns = std::move(advance_ns),
          .pause = [] { std::this_thread::yield(); }};
}

}  // namespace larder::model
