// The checks after a test, and waiting for a state.
//
// Thread safety: as in fixture.h.
#include "fixture.h"

#include <thread>

namespace larder::contract {

std::string_view to_string(FaceKind kind) noexcept {
  return kind == FaceKind::blocking ? "blocking" : "coroutine";
}

Fixture::Fixture(const EngineUnderTest& engine, const OptionSet& options, FaceKind face)
    : engine_(engine),
      options_(options),
      face_(face),
      time_(make_time(engine, options)),
      log_(std::make_shared<CallLog>()) {
  if (!engine.make_provider) return;
  EXPECT_TRUE(manager_.register_provider(engine.name, engine.make_provider()).ok());
}

void Fixture::check_all() const {
  for (const auto& check : checks_) check();
}

void Fixture::check_quiet(const std::string& fault, const Stats& stats) {
  EXPECT_EQ(fault, "");
  EXPECT_EQ(stats.flights, 0U);
  EXPECT_EQ(stats.waiters, 0U);
}

void wait_until(const std::function<bool()>& holds, std::string_view what) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!holds()) {  // bound: a minute
    if (std::chrono::steady_clock::now() > end) {
      ADD_FAILURE() << "never came: " << what;
      return;
    }
    std::this_thread::yield();
  }
}

}  // namespace larder::contract
