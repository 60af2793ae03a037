// The reader of variables: LARDER_<FIELD> and LARDER_<NAME>_<FIELD>. No field's name ends in an
// underscore and the name of another field, so a variable splits in one way.
//
// Thread safety: pure functions of their arguments.
#include <cctype>

#include "config/layers.h"

namespace larder::config {
namespace {

struct Target {
  const Field* field = nullptr;  // null: no field's name ends the variable
  std::string_view cache;        // as variables spell it; empty: all caches
};

Target find_target(std::string_view variable) {
  for (const Field& field : fields()) {
    const std::string suffix = variable_name(field.name);
    if (variable == suffix) return {&field, {}};
    if (variable.size() < suffix.size() + 2 || !variable.ends_with(suffix)) continue;
    const std::size_t underscore = variable.size() - suffix.size() - 1;
    if (variable[underscore] == '_') return {&field, variable.substr(0, underscore)};
  }
  return {};
}

}  // namespace

std::string variable_name(std::string_view name) {
  std::string spelled;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte < 0x80 && std::isalnum(byte) != 0;
    spelled.push_back(plain ? static_cast<char>(std::toupper(byte)) : '_');
  }
  return spelled;
}

VariableLayers read_variables(std::span<const std::string_view> variables,
                              std::vector<std::string>& problems) {
  VariableLayers layers;
  CacheSettings scratch;
  for (const std::string_view variable : variables) {
    if (!variable.starts_with(kVariablePrefix)) continue;
    const std::size_t equals = variable.find('=');
    const std::string_view name = variable.substr(0, equals);
    const Target target = find_target(name.substr(kVariablePrefix.size()));
    if (target.field == nullptr) {
      problems.push_back(shown(name) +
                         ": unknown variable; known: LARDER_<FIELD> and LARDER_<CACHE>_<FIELD>");
      continue;
    }
    const std::string_view text =
        equals == std::string_view::npos ? std::string_view() : variable.substr(equals + 1);
    RawValue value{RawValue::Kind::kVariable, std::string(text)};
    if (!assign(*target.field, value, scratch)) {
      problems.push_back(problem(shown(name), text, *target.field));
      continue;
    }
    Assignments& assignments =
        target.cache.empty() ? layers.defaults : layers.caches[std::string(target.cache)];
    assignments.push_back({target.field, std::move(value)});
  }
  return layers;
}

}  // namespace larder::config
