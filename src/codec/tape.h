// The tape: a parsed value as a flat list of nodes in the order of the text, and the FieldReader
// that walks it. Parsers of JSON and MessagePack write it, because their libraries push what they
// find while codecs pull what they expect.
//
// Thread safety: belongs to one call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/arena.h"
#include "larder/fields.h"

namespace larder::codec {

// States: open() and close() nest like the containers; once all are closed, one node spans the
// whole. A map holds, for each of its entries, a text node and the nodes of the value.
class Tape {
 public:
  using Kind = FieldReader::Kind;

  struct Node {
    Kind kind = Kind::nothing;
    bool negative = false;    // integer: `bits` is a negative std::int64_t
    std::uint32_t size = 0;   // text, bytes: their length; list, map: their entries
    std::uint32_t after = 0;  // the node that follows when this one is skipped
    std::uint64_t bits = 0;   // boolean, integer, number
    const char* data = nullptr;
  };

  explicit Tape(Wiping wiping) : arena_(wiping), nodes_(arena_.memory()) {}

  void add_null() { add(Kind::null); }
  void add_boolean(bool value) { add(Kind::boolean).bits = value ? 1 : 0; }
  void add_integer(std::int64_t value);
  void add_natural(std::uint64_t value) { add(Kind::integer).bits = value; }
  void add_number(double value);
  // `text` lives as long as the tape: in the input, or kept by keep().
  void add_text(std::string_view text) { add_view(Kind::text, text); }
  void add_bytes(std::string_view bytes) { add_view(Kind::bytes, bytes); }
  // Opens a list or a map; false: too deep. Whoever knows the entries first, says them.
  [[nodiscard]] bool open(Kind kind, std::size_t entries = 0);
  void close();
  void close(std::size_t entries);

  // Room for a text of at most `size` bytes that is not in the input.
  char* room(std::size_t size);

  [[nodiscard]] std::span<const Node> nodes() const noexcept { return nodes_; }

 private:
  Node& add(Kind kind);
  void add_view(Kind kind, std::string_view view);

  Arena arena_;
  std::pmr::vector<Node> nodes_;
  std::array<std::uint32_t, kMaxFieldDepth> open_{};  // nodes of the containers not yet closed
  std::size_t depth_ = 0;
};

// Reads a tape that is complete. Formats differ in how they show what they lack.
class TapeReader final : public FieldReader {
 public:
  enum class Dialect : std::uint8_t {
    exact,  // nodes are what they say
    json,   // bytes are base64 texts; numbers without digits are texts
  };

  TapeReader(std::span<const Tape::Node> nodes, Dialect dialect, Wiping wiping) noexcept
      : FieldReader(wiping == Wiping::on), nodes_(nodes), dialect_(dialect) {}
  ~TapeReader();

  [[nodiscard]] Kind kind() noexcept override;
  [[nodiscard]] bool null() override;
  [[nodiscard]] bool boolean(bool& to) override;
  [[nodiscard]] bool integer(std::int64_t& to) override;
  [[nodiscard]] bool natural(std::uint64_t& to) override;
  [[nodiscard]] bool number(double& to) override;
  [[nodiscard]] bool text(std::string_view& to) override;
  [[nodiscard]] bool bytes(std::span<const std::byte>& to) override;
  [[nodiscard]] bool begin_list(std::size_t& size) override;
  [[nodiscard]] bool next_element() override;
  [[nodiscard]] bool begin_map(std::size_t& size) override;
  [[nodiscard]] bool next_key(std::string_view& key) override;
  [[nodiscard]] bool begin_record() override;
  [[nodiscard]] std::optional<std::size_t> next_field(std::span<const FieldName> names) override;
  [[nodiscard]] bool skip() override;

 private:
  struct Level {
    std::uint32_t entries;   // that are still to come
    std::uint32_t after;     // the node behind the container
    std::size_t next_field;  // where the next name is likely to be found
  };

  [[nodiscard]] const Tape::Node* peek() const noexcept;
  // The next node, if it is of this kind; else null, and failed.
  [[nodiscard]] const Tape::Node* take(Kind kind, const char* otherwise) noexcept;
  [[nodiscard]] bool begin(Kind kind, const char* otherwise) noexcept;
  // Whether another entry comes; where not, leaves the container.
  [[nodiscard]] bool advance() noexcept;
  [[nodiscard]] Level& level() noexcept { return levels_[depth() - 1]; }

  const std::span<const Tape::Node> nodes_;
  const Dialect dialect_;
  std::size_t next_ = 0;
  std::array<Level, kMaxFieldDepth> levels_;  // in use: the first depth()
  std::string decoded_;                       // the bytes handed out last
};

}  // namespace larder::codec
