// What many tests of the contract share: expectations on outcomes, values to store, and loads that
// wait until the test lets them end.
// Thread safety: BlockedLoad belongs to the test's thread; the rest are functions.
#pragma once

#include <algorithm>
#include <functional>
#include <latch>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "fixture.h"
#include "larder/codec.h"

namespace larder::contract {

using Texts = std::vector<std::string>;

/// The answer is the error `code`.
template <class R>
::testing::AssertionResult fails(const R& answer, Errc code) {
  if (!answer.ok() && answer.error().code() == code) return ::testing::AssertionSuccess();
  auto failure = ::testing::AssertionFailure() << "expected " << to_string(code) << ", got ";
  if (answer.ok()) return failure << "success";
  return failure << to_string(answer.error().code()) << ": " << answer.error().message();
}

/// The answer is a success with this value.
template <class R, class V>
::testing::AssertionResult is(const R& answer, const V& value) {
  if (!answer.ok()) {
    return ::testing::AssertionFailure()
           << to_string(answer.error().code()) << ": " << answer.error().message();
  }
  if constexpr (requires { answer.miss(); }) {
    if (answer.miss()) return ::testing::AssertionFailure() << "a miss";
  }
  if (*answer == value) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "got " << ::testing::PrintToString(*answer);
}

template <class R>
::testing::AssertionResult succeeds(const R& answer) {
  if (answer.ok()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << to_string(answer.error().code()) << ": " << answer.error().message();
}

/// The keys, sorted; an error is a failure.
inline Texts sorted(const Result<Texts>& keys) {
  EXPECT_TRUE(succeeds(keys));
  Texts list = keys.ok() ? *keys : Texts{};
  std::ranges::sort(list);
  return list;
}

/// A value that declares an index.
struct Session {
  std::string subject;
  std::string device;
  std::int64_t seen = 0;
  Texts groups{};

  bool operator==(const Session&) const = default;
};

}  // namespace larder::contract

template <>
struct larder::Codec<larder::contract::Session>
    : larder::Record<larder::contract::Session, "session"> {
  static constexpr auto fields() {
    using larder::contract::Session;
    return larder::fields(
        larder::field("subject", &Session::subject), larder::field("device", &Session::device),
        larder::field("seen", &Session::seen), larder::field("groups", &Session::groups));
  }
};

namespace larder::contract {

template <class T>
using Pairs = std::vector<std::pair<std::string, T>>;

/// A get_or_set whose loader has begun and waits for finish(). The caller has a thread of its own.
template <class T = std::string>
class BlockedLoad {
 public:
  using Answer = std::function<Lookup<T>(LoadContext&)>;

  BlockedLoad(Face<T> face, std::string key, Answer answer, const WriteOptions& options = {})
      : caller_([this, face, key, answer = std::move(answer), options] {
          result_ = face.get_or_set(
              key,
              [this, &answer](LoadContext& load) {
                began_.count_down();
                go_on_.wait();
                return answer(load);
              },
              options);
        }) {
    began_.wait();
  }
  BlockedLoad(Face<T> face, std::string key, T value, const WriteOptions& options = {})
      : BlockedLoad(face, key, Answer([value](LoadContext&) { return Lookup<T>(value); }),
                    options) {}
  BlockedLoad(const BlockedLoad&) = delete;
  BlockedLoad& operator=(const BlockedLoad&) = delete;
  ~BlockedLoad() {
    if (caller_.joinable()) static_cast<void>(finish());
  }

  /// Lets the loader end; what its caller was given.
  Lookup<T> finish() {
    go_on_.count_down();
    caller_.join();
    return result_;
  }

 private:
  std::latch began_{1};
  std::latch go_on_{1};
  Lookup<T> result_;
  std::jthread caller_;  // last: it uses all of the above
};

/// A get_or_set of another caller, on a thread of its own; its loader must not run.
template <class T = std::string>
class Joiner {
 public:
  Joiner(Face<T> face, std::string key)
      : caller_([this, face, key] {
          result_ = face.get_or_set(key, [this] {
            loaded_ = true;
            return Lookup<T>(std::nullopt);
          });
        }) {}
  Joiner(const Joiner&) = delete;
  Joiner& operator=(const Joiner&) = delete;

  Lookup<T> finish() {
    if (caller_.joinable()) caller_.join();
    EXPECT_FALSE(loaded_);
    return result_;
  }

 private:
  bool loaded_ = false;
  Lookup<T> result_;
  std::jthread caller_;
};

template <class T>
void wait_for_joins(const Face<T>& face, std::uint64_t joins) {
  wait_until([&] { return face.stats().joins >= joins; }, "callers joining a load");
}

/// Runs `work(i)` on `threads` threads, which begin together.
inline void in_parallel(int threads, const std::function<void(int)>& work) {
  std::latch together(threads);
  std::vector<std::jthread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&, i] {
      together.arrive_and_wait();
      work(i);
    });
  }
}

}  // namespace larder::contract
