// The coroutine face with a loader that is a coroutine itself; hooks and middleware around it.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "larder/async.h"
#include "larder/cache.h"
#include "larder/manager.h"
#include "larder/middleware.h"

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "wrong: %s\n", what);
  std::exit(1);
}

// Stands for a client of a database: a coroutine that may suspend.
larder::Task<std::string> fetch(std::string key) { co_return "profile of " + key; }

larder::Task<int> use(larder::AsyncCache<std::string> profiles) {
  int loads = 0;
  const auto load = [&loads](larder::LoadContext& context) -> larder::Task<std::string> {
    ++loads;
    co_return co_await fetch(std::string(context.key()));
  };
  for (int i = 0; i < 2; ++i) {
    const auto profile = co_await profiles.get_or_set("alice", load);
    require(profile.hit() && *profile == "profile of alice", "the loaded value");
  }
  // The hook refuses an empty value; the cache is as it was.
  const auto refused = co_await profiles.set("alice", "");
  require(refused.code() == larder::Errc::vetoed, "the veto");
  require((co_await profiles.get("alice")).hit(), "the old value is there");
  require((co_await profiles.set("bob", "profile of bob")).ok(), "set");
  const std::string_view keys[] = {"alice", "bob", "carol"};
  const auto both = co_await profiles.get_many(keys);
  require(both.hits() == 2 && both[2].miss(), "two of three");
  require((co_await profiles.take("bob")).value_or("") == "profile of bob", "take");
  co_return loads;
}

}  // namespace

int main() {
  const auto recorder = std::make_shared<larder::MetricsRecorder>();
  int removals = 0;
  larder::CacheOptions<std::string> options;
  options.hooks.pre_set = [](std::string_view, const std::string* value) {
    return value != nullptr && value->empty() ? larder::Verdict::veto("a profile is never empty")
                                              : larder::Verdict::allow();
  };
  options.hooks.on_removal = [&removals](std::string_view key, larder::RemovalCause cause) {
    ++removals;
    std::printf("removed %s: %s\n", std::string(key).c_str(),
                std::string(larder::to_string(cause)).c_str());
  };
  options.middleware = {
      larder::middleware::logging({.sink =
                                       [](const larder::middleware::LogRecord& record) {
                                         std::printf("%s\n", std::string(record.message).c_str());
                                       },
                                   .level = larder::middleware::LogLevel::debug}),
      larder::middleware::metrics(recorder)};

  larder::Manager manager;
  const auto profiles = manager.open<std::string>("profiles", std::move(options)).value();
  const int loads = larder::sync_wait(use(profiles.async()));
  require(loads == 1, "one load for both calls");
  require(removals == 1, "bob was taken");

  const larder::MetricsSnapshot seen = recorder->snapshot();
  require(seen.of(larder::Opcode::load).calls == 2, "the middleware saw both calls");
  require(seen.of(larder::Opcode::set).of(larder::Errc::vetoed) == 1, "and the veto");
  std::printf("%d load, %zu kinds of operations\n", loads, seen.operations.size());
}
