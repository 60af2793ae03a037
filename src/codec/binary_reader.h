// Reads a value of the binary format where it lies.
//
// Thread safety: belongs to one call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "codec/binary.h"
#include "codec/sink.h"
#include "larder/fields.h"

namespace larder::codec {

class BinaryReader final : public FieldReader {
 public:
  BinaryReader(std::string_view bytes, Wiping wiping) noexcept
      : FieldReader(wiping == Wiping::on), rest_(bytes) {}

  // Whether nothing is left.
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

  [[nodiscard]] Kind kind() noexcept override;
  [[nodiscard]] bool null() override;
  [[nodiscard]] bool boolean(bool& to) override;
  [[nodiscard]] bool integer(std::int64_t& to) override;
  [[nodiscard]] bool natural(std::uint64_t& to) override;
  [[nodiscard]] bool number(double& to) override;
  [[nodiscard]] bool text(std::string_view& to) override;
  [[nodiscard]] bool bytes(std::span<const std::byte>& to) override;
  [[nodiscard]] bool begin_list(std::size_t& size) override;
  [[nodiscard]] bool next_element() override { return advance(); }
  [[nodiscard]] bool begin_map(std::size_t& size) override;
  [[nodiscard]] bool next_key(std::string_view& key) override;
  [[nodiscard]] bool begin_record() override;
  [[nodiscard]] std::optional<std::size_t> next_field(std::span<const FieldName> names) override;
  [[nodiscard]] bool skip() override;

 private:
  struct Level {
    std::size_t entries;      // that are still to come
    std::string_view hashes;  // record: of the fields that are still to come
    std::size_t next_field;   // where the next name is likely to be found
  };

  // The next byte, which stays where it is; nothing: failed, or there is none.
  [[nodiscard]] std::optional<std::uint8_t> peek() const noexcept;
  // The next `size` bytes, taken; false, and failed, if there are fewer.
  [[nodiscard]] bool take(std::uint64_t size, std::string_view& to) noexcept;
  [[nodiscard]] bool take_varint(std::uint64_t& to) noexcept;
  // A varint that counts values, of which each has a byte at least.
  [[nodiscard]] bool take_count(std::size_t& to) noexcept;
  [[nodiscard]] bool take_integer(std::uint64_t& bits, bool& negative) noexcept;
  // False, and failed.
  bool expected(const char* what) noexcept;

  [[nodiscard]] bool begin(std::size_t entries, std::string_view hashes = {}) noexcept;
  // Whether another entry comes; where not, leaves the container.
  [[nodiscard]] bool advance() noexcept;
  [[nodiscard]] bool take_shape(std::string_view& hashes) noexcept;
  [[nodiscard]] bool skip_entries();
  [[nodiscard]] Level& level() noexcept { return levels_[depth() - 1]; }

  std::string_view rest_;
  std::array<std::string_view, binary::kMaxShapes> shapes_;  // their hashes
  std::size_t shape_count_ = 0;
  std::array<Level, kMaxFieldDepth> levels_;  // in use: the first depth()
};

}  // namespace larder::codec
