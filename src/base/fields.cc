// What all field writers and readers share: the bound on nesting and the path of a failure.
//
// Thread safety: as in fields.h.
#include "larder/fields.h"

namespace larder {
namespace {

constexpr const char* kTooDeep = "containers are nested too deep";
constexpr std::size_t kMaxPathBytes = 200;

}  // namespace

bool FieldWriter::enter() noexcept {
  if (depth_ < kMaxFieldDepth) {
    ++depth_;
    return true;
  }
  fail(kTooDeep);
  return false;
}

bool FieldReader::enter() noexcept {
  if (depth_ == kMaxFieldDepth) return fail(kTooDeep);
  ++depth_;
  return true;
}

bool FieldReader::failed_in(std::string_view field) {
  fail("the value could not be read");
  if (path_.size() + field.size() < kMaxPathBytes) {
    path_.insert(0, path_.empty() ? "" : ".");
    path_.insert(0, field);
  }
  return false;
}

}  // namespace larder
