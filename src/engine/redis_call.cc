// Encoding of commands, keeping of replies.
// Thread safety: see redis_call.h.
#include "engine/redis_call.h"

#include <utility>

#include "base/check.h"

namespace larder::engine {
namespace {

constexpr std::string_view kByName = "EVALSHA";
constexpr std::string_view kWhole = "EVAL";

// Command and script as they stand in the bytes, behind the number of arguments.
std::string spelled(std::string_view command, std::string_view script) {
  std::string bytes = "$" + std::to_string(command.size()) + "\r\n";
  bytes.append(command).append("\r\n$").append(std::to_string(script.size()));
  return bytes.append("\r\n").append(script).append("\r\n");
}

}  // namespace

RedisCall::~RedisCall() = default;

void RedisCall::add_list(std::string_view command, std::span<const std::string> arguments) {
  resp::Writer writer(wire);
  writer.begin(1 + arguments.size());
  writer.add(command);
  for (const std::string& argument : arguments) writer.add(std::string_view(argument));
  replies = ++commands_;
}

void RedisCall::run(const redis::Script& script, std::span<const std::string> keys,
                    std::span<const std::string_view> arguments) {
  CHECK_EQ(commands_, 0U);
  resp::Writer writer(wire);
  writer.begin(3 + keys.size() + arguments.size());
  writer.add(kByName);
  writer.add(script.sha);
  writer.add(keys.size());
  for (const std::string& key : keys) writer.add(std::string_view(key));
  for (const std::string_view argument : arguments) writer.add(argument);
  script_ = &script;
  replies = commands_ = 1;
}

RedisCall::Ptr RedisCall::whole() const {
  if (script_ == nullptr || error_ || answer().type != resp::Type::error ||
      !answer().text.starts_with("NOSCRIPT")) {
    return nullptr;
  }
  Ptr again = make();
  const std::string by_name = spelled(kByName, script_->sha);
  const std::size_t at = wire.find(by_name);
  CHECK(at != std::string::npos);
  again->wire = wire;
  again->wire.replace(at, by_name.size(), spelled(kWhole, script_->text));
  again->replies = again->commands_ = 1;
  again->deadline_ns = deadline_ns;
  return again;
}

void RedisCall::on_reply(std::uint32_t, const resp::Value& reply) noexcept {
  answers_.emplace_back(reply);
}

void RedisCall::on_end(std::optional<Error> error) noexcept {
  error_ = std::move(error);
  ended_.store_release(true);  // pairs with has_ended()
  if (const auto next = std::exchange(continuation, nullptr)) {
    next->on_round_trip();
  } else {
    over.set();
  }
}

Error server_error(std::string_view words) {
  struct Meaning {
    std::string_view prefix;
    Errc code;
  };
  static constexpr Meaning kMeanings[] = {
      {"OOM", Errc::cache_full},         {"NOAUTH", Errc::auth_failed},
      {"WRONGPASS", Errc::auth_failed},  {"NOPERM", Errc::auth_failed},
      {"CROSSSLOT", Errc::cross_slot},   {"LOADING", Errc::unavailable},
      {"READONLY", Errc::unavailable},   {"MASTERDOWN", Errc::unavailable},
      {"BUSY", Errc::unavailable},       {"CLUSTERDOWN", Errc::unavailable},
      {"NOREPLICAS", Errc::unavailable}, {"MISCONF", Errc::unavailable},
  };
  Errc code = Errc::server_error;
  for (const Meaning& meaning : kMeanings) {
    if (words.starts_with(meaning.prefix)) code = meaning.code;
  }
  return Error(code, "the server refused the command").with_server_message(std::string(words));
}

}  // namespace larder::engine
