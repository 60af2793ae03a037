// Counting what Codecs write.
//
// Thread safety: as in the header.
#include "codec/level_writer.h"

namespace larder::codec {
namespace {

constexpr const char* kMiscounted = "a Codec wrote more or fewer values than it said";

}  // namespace

bool LevelWriter::count_value() noexcept {
  if (!ok()) return false;
  bool expected = !has_root_;
  if (depth() != 0) {
    Level& level = levels_[depth() - 1];
    expected = level.kind == Container::map ? level.keyed : level.written < level.size;
    if (level.kind != Container::map) ++level.written;
    level.keyed = false;
  }
  has_root_ = true;
  if (!expected) fail(kMiscounted);
  return expected;
}

bool LevelWriter::count_key() noexcept {
  if (!ok()) return false;
  if (depth() == 0 || level().kind != Container::map || level().keyed ||
      level().written == level().size) {
    fail(kMiscounted);
    return false;
  }
  ++levels_[depth() - 1].written;
  levels_[depth() - 1].keyed = true;
  return true;
}

bool LevelWriter::open(Container kind, std::size_t size, const FieldName* names) noexcept {
  if (!enter()) return false;
  levels_[depth() - 1] = {.kind = kind, .size = size, .written = 0, .names = names, .keyed = false};
  return true;
}

bool LevelWriter::close(Container kind) noexcept {
  if (!ok()) return false;
  if (depth() == 0 || level().kind != kind || level().written != level().size || level().keyed) {
    fail(kMiscounted);
    return false;
  }
  leave();
  return true;
}

}  // namespace larder::codec
