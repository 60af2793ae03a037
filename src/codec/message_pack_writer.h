// Writes a value as MessagePack.
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

// Records are maps with the names of the fields as keys. Numbers that lose nothing are of 32 bits.
class MessagePackWriter final : public LevelWriter {
 public:
  explicit MessagePackWriter(Sink& sink) noexcept : sink_(sink) {}

  void null() override;
  void boolean(bool value) override;
  void integer(std::int64_t value) override;
  void natural(std::uint64_t value) override;
  void number(double value) override;
  void text(std::string_view value) override;
  void bytes(std::span<const std::byte> value) override;
  [[nodiscard]] bool begin_list(std::size_t size) override;
  void end_list() override { close(Container::list); }
  [[nodiscard]] bool begin_map(std::size_t size) override;
  void key(std::string_view key) override;
  void end_map() override { close(Container::map); }
  [[nodiscard]] bool begin_record(std::span<const FieldName> names) override;
  void end_record() override { close(Container::record); }

 private:
  // Counts a value, and writes the name of its field in a record.
  [[nodiscard]] bool before_value();
  void write_text(std::string_view value);

  Sink& sink_;
};

}  // namespace larder::codec
