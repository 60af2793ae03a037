// The list of tests, what was seen of them while they ran, and the variants (engine, option set,
// face) they run in. Used by the runner and the matrix.
// Thread safety: filled before the run, by one thread; noted by the thread that runs the tests.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "fixture.h"

namespace larder::contract {

struct ContractTest {
  std::string name;
  Needs needs = kAnyEngine;
  TestBody body = nullptr;
  const char* file = "";
  int line = 0;

  /// The number behind `rule_`; 0 where there is none.
  [[nodiscard]] int rule() const;
  /// The numbers behind `case_`.
  [[nodiscard]] std::vector<int> cases() const;
  [[nodiscard]] bool runs_with(const EngineUnderTest& engine, const OptionSet& set,
                               FaceKind face) const;
};

/// How many tests of one rule called one operation, by engine and face.
struct Sighting {
  std::string engine;
  FaceKind face = FaceKind::blocking;
  int rule = 0;
  Call call = Call::get;
  auto operator<=>(const Sighting&) const = default;
};
using Sightings = std::map<Sighting, int>;

std::vector<ContractTest>& all_tests();
std::vector<EngineUnderTest>& all_engines();
Sightings& all_sightings();

}  // namespace larder::contract
