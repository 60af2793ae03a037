// The limits of settings and the message that lists what breaks them.
//
// Thread safety: pure functions of the settings.
#include "larder/options.h"

#include <string>

namespace larder {
namespace {

using namespace std::chrono_literals;

class ProblemList {
 public:
  void require(bool holds, std::string sentence) {
    if (!holds) problems_.push_back(std::move(sentence));
  }

  // `value` in [low, high]; the names of the ends are for people.
  template <class V>
  void require_range(const char* field, V value, V low, V high, const char* range) {
    require(value >= low && value <= high, std::string(field) + ": accepted is " + range);
  }

  std::vector<std::string> take() && { return std::move(problems_); }

 private:
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> CacheSettings::problems() const {
  ProblemList list;
  list.require(!provider.empty(), "provider: must name a registered provider");
  list.require(default_ttl.valid() && (default_ttl.kind() == Ttl::Kind::span ||
                                       default_ttl.kind() == Ttl::Kind::forever),
               "default_ttl: accepted is 1 ms to 100 years, or forever");
  list.require(max_entries >= 1, "max_entries: accepted is 1 or more");
  list.require(max_bytes >= 1, "max_bytes: accepted is 1 or more");
  list.require(on_full == OnFull::evict || on_full == OnFull::reject,
               "on_full: accepted is evict or reject");
  list.require_range<std::size_t>("shards", shards, 1, 4'096, "1 to 4,096");
  list.require_range<std::chrono::milliseconds>("max_load_time", max_load_time, 1ms, 24h,
                                                "1 ms to 24 h");
  list.require_range<std::chrono::nanoseconds>("timing_floor", timing_floor, 0ns, 10s, "0 to 10 s");
  list.require_range<std::chrono::milliseconds>("sweep_interval", sweep_interval, 1ms, 1h,
                                                "1 ms to 1 h");
  list.require_range<std::size_t>("sweep_batch", sweep_batch, 1, 1'000'000, "1 to 1,000,000");
  list.require_range<std::chrono::milliseconds>("sweep_time", sweep_time, 1ms, 10s, "1 ms to 10 s");
  return std::move(list).take();
}

Result<void> check_config(const std::vector<std::string>& problems) {
  if (problems.empty()) return {};
  std::string message;
  for (const std::string& problem : problems) {
    if (!message.empty()) message += "; ";
    message += problem;
  }
  return Error(Errc::invalid_config, std::move(message));
}

}  // namespace larder
