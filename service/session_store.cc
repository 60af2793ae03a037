// The operations on sessions: each is one operation of the cache, or reads after one.
#include "service/session_store.h"

#include <chrono>
#include <utility>

namespace larder::service {
namespace {

constexpr std::string_view kBySubject = "by_subject";

SessionView to_view(std::string_view token, Entry<Session>&& entry) {
  return {.token = std::string(token),
          .subject = std::move(entry.value.subject),
          .created_at = entry.value.created_at,
          .expires_at = entry.expires_at};
}

}  // namespace

void secure_wipe(Session& session) noexcept { larder::secure_wipe(session.subject); }

Result<SessionStore> SessionStore::open(Manager& manager, const CacheSettings& settings,
                                        std::shared_ptr<Clock> clock, TokenSource make_token) {
  auto cache = manager.open<Session>(
      kCacheName, {.settings = settings,
                   .indexes = {index(std::string(kBySubject), &Session::subject)},
                   .weigher =
                       [](std::string_view key, const Session& session) {
                         return key.size() + sizeof(Session) + session.subject.capacity();
                       },
                   .clock = clock});
  if (!cache) return cache.error();
  if (clock == nullptr) clock = default_clock();
  return SessionStore(*std::move(cache), settings.default_ttl, std::move(clock),
                      std::move(make_token));
}

SessionStore::SessionStore(Cache<Session> cache, Ttl ttl, std::shared_ptr<Clock> clock,
                           TokenSource make_token)
    : cache_(std::move(cache)),
      ttl_(ttl),
      clock_(std::move(clock)),
      make_token_(std::move(make_token)) {}

Timestamp SessionStore::now() const {
  return std::chrono::floor<std::chrono::milliseconds>(
      std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(clock_->wall_ns())));
}

Result<SessionView> SessionStore::create(std::string_view subject) const {
  for (int attempt = 0; attempt < kMaxTokenAttempts; ++attempt) {
    Result<std::string> token = make_token_();
    if (!token) return token.error();
    Session session{.subject = std::string(subject), .created_at = now()};
    const Result<bool> stored = cache_.set_if_absent(*token, session, ttl_);
    if (!stored.ok()) return stored.error();
    if (*stored) return view(*std::move(token), std::move(session));
  }
  return Error(Errc::unavailable, "no free token was drawn");
}

SessionView SessionStore::view(std::string token, Session session) const {
  if (auto entry = cache_.get_entry(token)) return to_view(token, *std::move(entry));
  // Evicted or revoked since, or the engine keeps nothing: what it was given.
  std::optional<Timestamp> expires_at;
  if (ttl_.kind() == Ttl::Kind::span) expires_at = session.created_at + ttl_.span();
  return {.token = std::move(token),
          .subject = std::move(session.subject),
          .created_at = session.created_at,
          .expires_at = expires_at};
}

Lookup<SessionView> SessionStore::get(std::string_view token) const {
  if (!is_token(token)) return {};
  auto entry = cache_.get_entry(token);
  if (entry.failed()) return entry.error();
  if (!entry) return {};
  return to_view(token, *std::move(entry));
}

Result<bool> SessionStore::erase(std::string_view token) const {
  if (!is_token(token)) return false;
  return cache_.erase(token);
}

Lookup<SessionView> SessionStore::touch(std::string_view token) const {
  if (!is_token(token)) return {};
  const Result<bool> touched = cache_.touch(token, ttl_);
  if (!touched.ok()) return touched.error();
  if (!*touched) return {};
  return get(token);
}

Result<SessionList> SessionStore::list(std::string_view subject) const {
  auto tokens = cache_.get_by_index(kBySubject, subject);
  if (!tokens) return tokens.error();
  SessionList list{.sessions = {}, .total = tokens->size()};
  if (tokens->size() > kMaxListed) tokens->resize(kMaxListed);
  for (const std::string& token : *tokens) {
    Lookup<SessionView> session = get(token);
    if (session.failed()) return session.error();
    if (session) list.sessions.push_back(*std::move(session));  // else it ended meanwhile
  }
  return list;
}

Result<std::size_t> SessionStore::erase_subject(std::string_view subject) const {
  return cache_.erase_by_index(kBySubject, subject);
}

}  // namespace larder::service
