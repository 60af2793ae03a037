// What a provider's author needs to run the contract's tests against an engine: describe it, hand
// it to register_engine(), then run_contract() from main(). The library's own engines are described
// in engines.cc.
// Thread safety: registration happens before run_contract(), on one thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "larder/clock.h"
#include "larder/engine.h"
#include "larder/options.h"

namespace larder::contract {

/// What an engine can do beyond answering; tests of what it cannot are left out, and the matrix
/// gives the reason.
struct Capabilities {
  /// Entries stay. False: as the null provider, nothing is ever stored.
  bool stores = true;
  /// `max_entries` and `max_bytes` are kept (SPEC rule 13).
  bool bounded = true;
  /// Values live as a native `T`: move-only types, throwing copies, destructors, pins.
  bool native = true;
  /// Entries lie in this process: they are gauged and swept, their ends by time are told, and a
  /// cache that is opened again is empty.
  bool in_process = true;
};

/// The time of one test: a clock for the caches, and the way to move it. An engine whose time
/// passes elsewhere moves that too.
struct TestTime {
  std::shared_ptr<Clock> clock;
  std::function<void(std::chrono::nanoseconds)> advance;
  /// Nothing moves the clock but advance().
  bool stands_still = true;
};

struct EngineUnderTest {
  /// In the names of tests and in the matrix: letters, digits and underscores.
  std::string name;
  /// Called for each test; the provider is registered with the test's Manager under `name`. Empty:
  /// the Manager knows a provider of that name.
  std::function<std::shared_ptr<Provider>()> make_provider{};
  Capabilities capabilities{};
  /// Called for each test; some need a time that goes on. Empty: a testing::ManualClock.
  std::function<TestTime(bool stands_still)> make_time{};
  /// Called for the settings of each cache: where the engine is found. The provider may be another
  /// than `name`, so that several engines under test have one provider.
  std::function<void(CacheSettings&)> adjust{};
  /// Why it cannot be tested on this machine: its tests say so and are skipped. Empty: it can.
  std::string missing{};
};

void register_engine(EngineUnderTest engine);

/// Registers the tests of every engine, option set and face with GoogleTest and runs them.
/// `--matrix` prints the matrix alone; a full run prints it at its end. Returns an exit status.
int run_contract(int argc, char** argv);

}  // namespace larder::contract
