// Writes commands in the form that a Redis server reads: a list of bulk strings. Used by redis/ to
// build the bytes of its requests; several commands in a row make a pipeline.
//
// Thread safety: a Writer and the string it appends to belong to one thread at a time.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace larder::resp {

// An integer, not a character or a truth value: those have no one spelling that a server expects.
template <class N>
concept Number = std::integral<N> && !std::same_as<N, bool> && !std::same_as<N, char> &&
                 !std::same_as<N, wchar_t> && !std::same_as<N, char8_t> &&
                 !std::same_as<N, char16_t> && !std::same_as<N, char32_t>;

// Appends commands to a string of the caller's. Between commands, or inside one of which `missing_`
// arguments are still to come; a command with more or fewer than announced would shift every later
// reply of its connection, so that it ends the process.
class Writer {
 public:
  explicit Writer(std::string& out) noexcept : out_(out) {}
  ~Writer();

  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Begins a command of so many arguments, its name included: at least one.
  void begin(std::size_t arguments);

  // The next argument: its bytes as they are, or the decimal digits of a number.
  void add(std::string_view argument);
  void add(Number auto argument) {
    if constexpr (std::signed_integral<decltype(argument)>) {
      add_signed(argument);
    } else {
      add_unsigned(argument);
    }
  }

 private:
  void add_signed(std::int64_t argument);
  void add_unsigned(std::uint64_t argument);

  std::string& out_;
  std::size_t missing_ = 0;
};

// Appends one whole command: append_command(out, "SET", key, value, "PX", 1500).
template <class... A>
void append_command(std::string& out, const A&... arguments) {
  static_assert(sizeof...(A) > 0, "a command has at least its name");
  Writer writer(out);
  writer.begin(sizeof...(A));
  (writer.add(arguments), ...);
}

}  // namespace larder::resp
