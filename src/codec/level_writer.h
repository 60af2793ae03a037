// What the writers of all formats share: the containers that are open, and whether a Codec keeps
// its word on what follows.
//
// Thread safety: belongs to one call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "larder/fields.h"

namespace larder::codec {

// A Codec that writes more or fewer values than it said makes the writer fail: it could not be
// read.
class LevelWriter : public FieldWriter {
 protected:
  enum class Container : std::uint8_t { list, map, record };
  struct Level {
    Container kind;
    std::size_t size;        // values that were announced
    std::size_t written;     // values so far
    const FieldName* names;  // record: as many as `size`
    bool keyed;              // map: a key waits for its value
  };

  LevelWriter() = default;
  ~LevelWriter() = default;

  // The innermost open container; only where depth() is not 0.
  [[nodiscard]] const Level& level() const noexcept { return levels_[depth() - 1]; }

  // To be called before each value; false: it must not be written. Afterwards level().written
  // counts it.
  [[nodiscard]] bool count_value() noexcept;
  [[nodiscard]] bool count_key() noexcept;
  // Opens a container, which count_value() has counted in the one around it.
  [[nodiscard]] bool open(Container kind, std::size_t size,
                          const FieldName* names = nullptr) noexcept;
  // False: it is not complete, or not open.
  bool close(Container kind) noexcept;

 private:
  bool has_root_ = false;
  std::array<Level, kMaxFieldDepth> levels_;  // in use: the first depth()
};

}  // namespace larder::codec
