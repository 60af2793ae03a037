// What is taken out of a temporary answer outlives it: range-for over *cache.get_by_index(...).
// Thread safety: one thread.
#include <array>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "larder/batch.h"
#include "larder/result.h"

namespace larder {
namespace {

using Unique = std::unique_ptr<int>;

// A range that says while it lives that it does.
class Range {
 public:
  explicit Range(int& alive) : alive_(&alive) { ++*alive_; }
  Range(Range&& other) noexcept : alive_(other.alive_) { ++*alive_; }
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;
  ~Range() { --*alive_; }

  [[nodiscard]] const int* begin() const { return elements_.data(); }
  [[nodiscard]] const int* end() const { return elements_.data() + elements_.size(); }

 private:
  int* alive_;
  std::array<int, 2> elements_{};
};

Result<Range> result_of(int& alive) { return Range(alive); }
Lookup<Range> lookup_of(int& alive) { return Range(alive); }

// Compilers with P2718 keep the temporary as well: at least the element's range is alive.
TEST(DanglingAnswers, WhatIsTakenOutOfATemporaryOutlivesIt) {
  int alive = 0;
  int turns = 0;
  for ([[maybe_unused]] const int element : *result_of(alive)) {
    EXPECT_GE(alive, 1);
    ++turns;
  }
  for ([[maybe_unused]] const int element : result_of(alive).value()) {
    EXPECT_GE(alive, 1);
    ++turns;
  }
  for ([[maybe_unused]] const int element : *lookup_of(alive)) {
    EXPECT_GE(alive, 1);
    ++turns;
  }
  EXPECT_EQ(turns, 6);
  EXPECT_EQ(alive, 0);
}

TEST(DanglingAnswers, AnElementOfATemporaryBatchOutlivesIt) {
  const auto batch = [] {
    std::vector<Lookup<std::string>> elements;
    elements.emplace_back("value");
    elements.emplace_back(Error(Errc::overloaded, "later"));
    return BatchResult<std::string>(std::move(elements));
  };
  const Lookup<std::string>& hit = batch()[0];
  const Error& error = batch().error();
  EXPECT_EQ(*hit, "value");
  EXPECT_EQ(error.message(), "later");
}

TEST(DanglingAnswers, ATemporaryGivesItsErrorAway) {
  const auto failed = [] { return Result<int>(Error(Errc::overloaded, "later")); };
  const auto failed_void = [] { return Result<void>(Error(Errc::overloaded, "later")); };
  const Error& error = failed().error();
  const Error& error_of_void = failed_void().error();
  EXPECT_EQ(error.message(), "later");
  EXPECT_EQ(error_of_void.message(), "later");
}

TEST(DanglingAnswers, ANamedAnswerIsSeenAndNotMoved) {
  Result<Unique> result = std::make_unique<int>(1);
  Lookup<Unique> lookup = std::make_unique<int>(2);
  EXPECT_EQ(**result, 1);
  EXPECT_EQ(*result.value(), 1);
  EXPECT_EQ(**lookup, 2);
  const Unique one = *std::move(result);
  const Unique two = *std::move(lookup);
  EXPECT_EQ(*one + *two, 3);
  EXPECT_EQ(*result, nullptr);
  EXPECT_EQ(*lookup, nullptr);
}

}  // namespace
}  // namespace larder
