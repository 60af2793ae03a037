// Registering engines and tests, and running a test in one variant.
//
// Thread safety: as in suite.h.
#include "suite.h"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include "matrix.h"

namespace larder::contract {
namespace {

// One test in one variant, as GoogleTest sees it.
class Variant final : public ::testing::Test {
 public:
  Variant(const ContractTest& test, const EngineUnderTest& engine, const OptionSet& options,
          FaceKind face)
      : test_(test), engine_(engine), options_(options), face_(face) {}

  void TestBody() override {
    if (!engine_.missing.empty()) GTEST_SKIP() << engine_.missing;
    Fixture fixture(engine_, options_, face_);
    test_.body(fixture);
    fixture.check_all();
    note(fixture.calls());
  }

 private:
  void note(const CallSet& calls) const {
    for (std::size_t i = 0; i < kCalls; ++i) {
      if (!calls[i]) continue;
      ++all_sightings()[{engine_.name, face_, test_.rule(), static_cast<Call>(i)}];
    }
  }

  const ContractTest& test_;
  const EngineUnderTest& engine_;
  const OptionSet& options_;
  const FaceKind face_;
};

void register_variant(const ContractTest& test, const EngineUnderTest& engine,
                      const OptionSet& options, FaceKind face) {
  if (!test.runs_with(engine, options, face)) return;
  const std::string suite =
      engine.name + "/" + std::string(options.name) + "/" + std::string(to_string(face));
  ::testing::RegisterTest(suite.c_str(), test.name.c_str(), nullptr, nullptr, test.file, test.line,
                          [&test, &engine, &options, face]() -> ::testing::Test* {
                            return new Variant(test, engine, options, face);
                          });
}

void register_all() {
  std::ranges::sort(all_tests(), {}, &ContractTest::name);
  for (const EngineUnderTest& engine : all_engines()) {
    for (const OptionSet& options : option_sets()) {
      for (const FaceKind face : {FaceKind::blocking, FaceKind::coroutine}) {
        for (const ContractTest& test : all_tests()) register_variant(test, engine, options, face);
      }
    }
  }
}

bool runs_everything() {
  return GTEST_FLAG_GET(filter) == "*" && GTEST_FLAG_GET(repeat) == 1 &&
         std::getenv("GTEST_TOTAL_SHARDS") == nullptr && !GTEST_FLAG_GET(list_tests);
}

}  // namespace

std::vector<ContractTest>& all_tests() {
  static std::vector<ContractTest> tests;
  return tests;
}

std::vector<EngineUnderTest>& all_engines() {
  static std::vector<EngineUnderTest> engines;
  return engines;
}

Sightings& all_sightings() {
  static Sightings sightings;
  return sightings;
}

int ContractTest::rule() const {
  int number = 0;
  if (!name.starts_with("rule_")) return 0;
  std::from_chars(name.data() + 5, name.data() + name.size(), number);
  return number;
}

std::vector<int> ContractTest::cases() const {
  std::vector<int> numbers;
  std::size_t at = name.find("_case_");
  if (at == std::string::npos) return numbers;
  for (at += 5; at < name.size() && name[at] == '_';) {
    int number = 0;
    const auto end = std::from_chars(name.data() + at + 1, name.data() + name.size(), number);
    if (end.ec != std::errc{}) break;
    numbers.push_back(number);
    at = static_cast<std::size_t>(end.ptr - name.data());
  }
  return numbers;
}

bool ContractTest::runs_with(const EngineUnderTest& engine, const OptionSet& set,
                             FaceKind face) const {
  const Capabilities& can = engine.capabilities;
  const auto needs_it = [this](Needs need) { return (needs & need) != 0; };
  if (needs_it(kStores) && !can.stores) return false;
  if (needs_it(kStoresNothing) && can.stores) return false;
  if (needs_it(kBounded) && !can.bounded) return false;
  if (needs_it(kNative) && !can.native) return false;
  if (needs_it(kInProcess) && !can.in_process) return false;
  if (needs_it(kStillTime) && !make_time(engine, set).stands_still) return false;
  if (needs_it(kPlainOptions) && set.kind != OptionKind::plain) return false;
  if (needs_it(kBlockingFace) && face != FaceKind::blocking) return false;
  return !needs_it(kCoroutineFace) || face == FaceKind::coroutine;
}

bool add_test(std::string_view name, Needs needs, TestBody body, const char* file, int line) {
  all_tests().push_back({std::string(name), needs, body, file, line});
  return true;
}

void register_engine(EngineUnderTest engine) { all_engines().push_back(std::move(engine)); }

int run_contract(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  const bool matrix_only = argc > 1 && std::string_view(argv[1]) == "--matrix";
  register_all();
  if (matrix_only) {
    delete ::testing::UnitTest::GetInstance()->listeners().Release(
        ::testing::UnitTest::GetInstance()->listeners().default_result_printer());
  }
  int status = RUN_ALL_TESTS();
  if (!runs_everything()) return status;
  print_matrix(std::cout);
  for (const std::string& gap : matrix_gaps()) {
    std::cerr << "matrix: " << gap << "\n";
    status = 1;
  }
  return status;
}

}  // namespace larder::contract
