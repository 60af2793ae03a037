// Writes a value in the binary format.
//
// Thread safety: belongs to one call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "codec/binary.h"
#include "codec/level_writer.h"
#include "codec/sink.h"

namespace larder::codec {

class BinaryWriter final : public LevelWriter {
 public:
  explicit BinaryWriter(Sink& sink) noexcept : sink_(sink) {}

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
  void tag(unsigned tag) { sink_.append(static_cast<char>(tag)); }
  void varint(std::uint64_t value);
  void write_shape(std::span<const FieldName> names);

  Sink& sink_;
  std::array<std::span<const FieldName>, binary::kMaxShapes> shapes_;
  std::size_t shape_count_ = 0;
};

}  // namespace larder::codec
