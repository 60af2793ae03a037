// The search in maps, and in lists that stand for one.
#include "resp/value.h"

namespace larder::resp {

const Value* Value::find(std::string_view key) const noexcept {
  if (type != Type::map && type != Type::list) return nullptr;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    const Value& candidate = items[i];
    const bool is_text = candidate.type == Type::text || candidate.type == Type::status;
    if (is_text && candidate.text == key) return &items[i + 1];
  }
  return nullptr;
}

}  // namespace larder::resp
