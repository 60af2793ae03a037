// The reader of TOML: the only file that knows toml++. Strict: every key must be known.
//
// Thread safety: pure functions of their arguments.
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>

// toml++ asserts, or in release builds assumes, what some malformed files break ("[.a]"). Here its
// assertions are on in every build and end the parse like any other syntax error.
namespace larder::config {
struct BrokenAssertion : std::runtime_error {
  using std::runtime_error::runtime_error;
};
[[noreturn, gnu::noinline]] static void break_assertion() {
  throw BrokenAssertion("malformed key, table or value");
}
}  // namespace larder::config
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expression) \
  (static_cast<bool>(expression) ? static_cast<void>(0) : ::larder::config::break_assertion())
#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include "config/layers.h"

namespace larder::config {
namespace {

std::string describe_kind(const toml::node& node) {
  std::ostringstream kind;
  kind << node.type();
  return kind.str();
}

RawValue raw_value(const toml::node& node) {
  if (const auto* text = node.as_string()) return {RawValue::Kind::kText, text->get()};
  if (const auto* number = node.as_integer()) {
    return {RawValue::Kind::kInteger, std::to_string(number->get())};
  }
  if (const auto* flag = node.as_boolean()) {
    return {RawValue::Kind::kBoolean, flag->get() ? "true" : "false"};
  }
  return {RawValue::Kind::kUnsupported, describe_kind(node)};
}

std::string known_fields() {
  std::string list;
  for (const Field& field : fields()) {
    list.append(list.empty() ? "" : ", ").append(field.name);
  }
  return list;
}

Assignments read_table(const toml::table& table, const std::string& path,
                       std::vector<std::string>& problems) {
  Assignments assignments;
  CacheSettings scratch;
  for (auto&& [key, node] : table) {
    const std::string where = path + "." + shown(key.str());
    const Field* field = find_field(key.str());
    if (field == nullptr) {
      problems.push_back(where + ": unknown setting; known: " + known_fields());
      continue;
    }
    RawValue value = raw_value(node);
    if (!assign(*field, value, scratch)) {
      problems.push_back(problem(where, value.text, *field));
      continue;
    }
    assignments.push_back({field, std::move(value)});
  }
  return assignments;
}

void read_caches(const toml::table& caches, FileLayers& layers,
                 std::vector<std::string>& problems) {
  for (auto&& [name, node] : caches) {
    const std::string path = "caches." + shown(name.str());
    if (const toml::table* table = node.as_table()) {
      layers.caches[std::string(name.str())] = read_table(*table, path, problems);
    } else {
      problems.push_back(path + ": a " + describe_kind(node) +
                         " is not accepted; accepted: a table of settings");
    }
  }
}

std::optional<toml::table> parse(std::string_view text, std::vector<std::string>& problems) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    problems.push_back("line " + std::to_string(error.source().begin.line) + ", column " +
                       std::to_string(error.source().begin.column) + ": " +
                       std::string(error.description()));
  } catch (const BrokenAssertion& error) {
    problems.emplace_back(error.what());
  }
  return std::nullopt;
}

}  // namespace

FileLayers read_toml(std::string_view text, std::vector<std::string>& problems) {
  FileLayers layers;
  const std::optional<toml::table> document = parse(text, problems);
  if (!document) return layers;
  for (auto&& [key, node] : *document) {
    const toml::table* table = node.as_table();
    if (key.str() != "defaults" && key.str() != "caches") {
      problems.push_back(shown(key.str()) + ": unknown key; known: defaults, caches");
    } else if (table == nullptr) {
      problems.push_back(std::string(key.str()) + ": a " + describe_kind(node) +
                         " is not accepted; accepted: a table");
    } else if (key.str() == "defaults") {
      layers.defaults = read_table(*table, "defaults", problems);
    } else {
      read_caches(*table, layers, problems);
    }
  }
  return layers;
}

}  // namespace larder::config
