// Builds one JSON object on one line: the machine-readable output of the measuring commands.
//
// Thread safety: none; one thread.
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace larder::bench {

// Fields come out in the order in which they are added; names are given without characters that
// need escapes.
class JsonLine {
 public:
  explicit JsonLine(std::string_view type) { add("type", type); }

  JsonLine& add(std::string_view name, std::string_view value);
  JsonLine& add(std::string_view name, const char* value) {
    return add(name, std::string_view(value));
  }
  JsonLine& add(std::string_view name, bool value);
  // Six significant digits and more; what is no number becomes null.
  JsonLine& add(std::string_view name, double value);
  template <std::integral I>
  JsonLine& add(std::string_view name, I value) {
    return add_raw(name, std::to_string(value));
  }
  JsonLine& add(std::string_view name, std::span<const double> values);
  template <class V>
  JsonLine& add(std::string_view name, const std::optional<V>& value) {
    return value ? add(name, *value) : add_raw(name, "null");
  }

  [[nodiscard]] std::string text() const { return text_ + "}"; }
  // Writes the line to standard output at once, so that a reader of a pipe sees it.
  void print() const;

 private:
  JsonLine& add_raw(std::string_view name, std::string_view value);

  std::string text_ = "{";
};

}  // namespace larder::bench
