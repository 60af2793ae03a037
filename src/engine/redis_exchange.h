// One step of a flow: a round trip whose answers are none of the server's errors.
//
// Thread safety: as the turn's.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/redis_call.h"
#include "engine/redis_space.h"
#include "engine/redis_turn.h"
#include "larder/task.h"

namespace larder::engine {

// A flow's way to the server, and what it knows of its cache.
struct RedisWay {
  RedisSpace& space;
  RedisTurn& turn;
};

enum class Access : bool { reads, writes };

// Sends the call, and again where the server did not know its script. The error to end with, if
// there is one: of the way, or the server's. A write whose answer was lost is `outcome_unknown`.
Task<std::optional<Error>> exchange(RedisWay way, RedisCall::Ptr& call, Access access);

// The same for one script over some entries: its arguments begin with prefix and type.
Task<std::optional<Error>> run_script(RedisWay way, RedisCall::Ptr& call, std::string_view script,
                                      std::span<const std::string> keys,
                                      std::span<const std::string_view> arguments, Access access);

}  // namespace larder::engine
