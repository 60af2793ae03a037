// Judging the end of a round trip.
// Thread safety: as the turn's.
#include "engine/redis_exchange.h"

#include <vector>

namespace larder::engine {
namespace {

Error told(const Error& error, Access access) {
  if (error.effect() == Effect::no) return error;
  if (access == Access::reads) return error.with_effect(Effect::no);
  return Error(Errc::outcome_unknown,
               "the write was sent, but its answer was lost: " + std::string(error.message()),
               Effect::unknown)
      .with_server_message(std::string(error.server_message()));
}

}  // namespace

Task<std::optional<Error>> exchange(RedisWay way, RedisCall::Ptr& call, Access access) {
  const bool writes = access == Access::writes;
  std::optional<Error> error = co_await way.turn.ask(call, writes);
  if (!error) {
    if (RedisCall::Ptr whole = call->whole()) {
      call = std::move(whole);
      error = co_await way.turn.ask(call, writes);
    }
  }
  if (error) co_return told(*error, access);
  for (std::uint32_t i = 0; i < call->replies; ++i) {
    const resp::Value& answer = call->answer(i);
    if (answer.type == resp::Type::error) co_return server_error(answer.text);
  }
  co_return std::nullopt;
}

Task<std::optional<Error>> run_script(RedisWay way, RedisCall::Ptr& call, std::string_view script,
                                      std::span<const std::string> keys,
                                      std::span<const std::string_view> arguments, Access access) {
  call = RedisCall::make();
  std::vector<std::string_view> all = {way.space.layout.prefix(), way.space.values.type()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  call->run(redis::find_script(script), keys, all);
  co_return co_await exchange(way, call, access);
}

}  // namespace larder::engine
