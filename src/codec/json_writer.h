// Writes a value as JSON (RFC 8259) without white space.
//
// Thread safety: belongs to one call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "codec/level_writer.h"
#include "codec/sink.h"

namespace larder::codec {

// Records and maps are objects, bytes are base64 texts, numbers without digits are "NaN",
// "Infinity" and "-Infinity". 64-bit integers are written in full. Text that is not valid UTF-8 is
// spelled as utf8.h says.
class JsonWriter final : public LevelWriter {
 public:
  explicit JsonWriter(Sink& sink) noexcept : sink_(sink) {}

  void null() override;
  void boolean(bool value) override;
  void integer(std::int64_t value) override;
  void natural(std::uint64_t value) override;
  void number(double value) override;
  void text(std::string_view value) override;
  void bytes(std::span<const std::byte> value) override;
  [[nodiscard]] bool begin_list(std::size_t size) override;
  void end_list() override;
  [[nodiscard]] bool begin_map(std::size_t size) override;
  void key(std::string_view key) override;
  void end_map() override;
  [[nodiscard]] bool begin_record(std::span<const FieldName> names) override;
  void end_record() override;

 private:
  // Counts a value and writes what stands before it: a comma, the name of a field, or nothing.
  [[nodiscard]] bool before_value();
  [[nodiscard]] bool begin(char bracket, Container kind, std::size_t size,
                           const FieldName* names = nullptr);
  void quote(std::string_view value);
  void quote_special(std::string_view& rest);

  Sink& sink_;
};

}  // namespace larder::codec
