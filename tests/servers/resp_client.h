// RespClient: a blocking connection to a Redis for tests: the second opinion, which shares no code
// with the library. Reply: an answer as a tree that owns its texts.
// Thread safety: one thread at a time per connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "servers/file_handle.h"

namespace larder::servers {

struct Reply {
  enum class Kind : std::uint8_t { null, status, error, integer, text, list, map, push };

  Kind kind = Kind::null;
  std::int64_t integer = 0;    ///< Kind::integer; booleans are 0 and 1
  std::string text{};          ///< statuses, errors, texts; numbers and big numbers as they came
  std::vector<Reply> items{};  ///< lists and sets; of a map: key, value, key, value

  [[nodiscard]] bool is_error() const noexcept { return kind == Kind::error; }
  /// For people and for comparisons in tests: `(null)`, the text, the number, `[a, b]`.
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const Reply&, const Reply&) = default;
};
std::ostream& operator<<(std::ostream& out, const Reply& reply);

class RespClient {
 public:
  static constexpr std::chrono::milliseconds kPatience{10'000};

  /// Connect; each later wait for the server takes at most `patience`. Throw ServerError.
  static RespClient to_port(std::uint16_t port, std::chrono::milliseconds patience = kPatience);
  static RespClient to_socket(const std::string& path,
                              std::chrono::milliseconds patience = kPatience);

  /// One command and its answer. An error of the server is an answer; a lost or silent connection
  /// throws ServerError.
  Reply call(std::span<const std::string> arguments);
  Reply call(std::initializer_list<std::string> arguments) {
    return call(std::span(arguments.begin(), arguments.size()));
  }
  /// The halves of call(), for pipelines and for what comes unasked.
  void send(std::span<const std::string> arguments);
  void send_bytes(std::string_view bytes);
  Reply read();

 private:
  RespClient(FileHandle socket, std::chrono::milliseconds patience);

  char next_byte();
  std::string take(std::size_t count);
  std::string take_line();
  std::string take_text(const std::string& length);
  void take_items(Reply& reply, std::int64_t count, int depth);
  Reply take_reply(int depth);

  FileHandle socket_;
  std::string received_;
  std::size_t position_ = 0;  // in received_
};

/// The bytes of a command.
std::string to_wire(std::span<const std::string> arguments);

}  // namespace larder::servers
