// SessionStore: the sessions of the service in a Cache<Session>, found by token and by subject.
// Used by the session API.
// Thread safety: every member may be called from any thread at any time; the cache sees to it, the
// store has no lock.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "larder/cache.h"
#include "larder/clock.h"
#include "larder/manager.h"
#include "larder/metrics.h"
#include "larder/options.h"
#include "larder/result.h"
#include "larder/stats.h"
#include "larder/time.h"
#include "service/token.h"

namespace larder::service {

// What is kept for a token.
struct Session {
  std::string subject;
  Timestamp created_at;
};
void secure_wipe(Session& session) noexcept;

// A session as clients see it.
struct SessionView {
  std::string token;
  std::string subject;
  Timestamp created_at;
  std::optional<Timestamp> expires_at;  // absent: never
};

struct SessionList {
  std::vector<SessionView> sessions;  // at most SessionStore::kMaxListed
  std::size_t total = 0;              // of the subject
};

class SessionStore {
 public:
  static constexpr std::string_view kCacheName = "sessions";
  static constexpr std::size_t kMaxListed = 1000;
  static constexpr int kMaxTokenAttempts = 3;

  using TokenSource = std::function<Result<std::string>()>;

  // Sessions live for `settings.default_ttl` after their creation and each touch. `clock` (null:
  // the system's) and `make_token` are for tests.
  static Result<SessionStore> open(Manager& manager, const CacheSettings& settings,
                                   std::shared_ptr<Clock> clock = {},
                                   TokenSource make_token = service::make_token);

  // Never hands over a session that exists: a token that is taken is drawn again.
  Result<SessionView> create(std::string_view subject) const;
  Lookup<SessionView> get(std::string_view token) const;
  // Whether there was one.
  Result<bool> erase(std::string_view token) const;
  // Gives the session its whole time to live again; a miss where there is none.
  Lookup<SessionView> touch(std::string_view token) const;
  Result<SessionList> list(std::string_view subject) const;
  // How many there were.
  Result<std::size_t> erase_subject(std::string_view subject) const;

  [[nodiscard]] const Cache<Session>& cache() const noexcept { return cache_; }

 private:
  SessionStore(Cache<Session> cache, Ttl ttl, std::shared_ptr<Clock> clock, TokenSource make_token);

  [[nodiscard]] Timestamp now() const;
  // What the cache says of a session just created.
  [[nodiscard]] SessionView view(std::string token, Session session) const;

  // constant after construction
  Cache<Session> cache_;
  Ttl ttl_;
  std::shared_ptr<Clock> clock_;
  TokenSource make_token_;
};

}  // namespace larder::service
