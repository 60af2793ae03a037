// Config::Layers: what a Config holds, and the readers that fill it from TOML and from variables.
//
// Thread safety: values; immutable once a Config shares them.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/field.h"
#include "larder/config.h"

namespace larder::config {

// One accepted value of one field.
struct Assignment {
  const Field* field;
  RawValue value;
};
using Assignments = std::vector<Assignment>;

// Assignments by cache: the key is the cache's name, or its name as variables spell it.
using AssignmentsByName = std::map<std::string, Assignments, std::less<>>;

// "user-sessions" -> "USER_SESSIONS".
std::string variable_name(std::string_view name);

inline constexpr std::string_view kVariablePrefix = "LARDER_";

}  // namespace larder::config

namespace larder {

// From weakest to strongest; every value was accepted by its field.
struct Config::Layers {
  config::Assignments file_defaults;
  config::AssignmentsByName file_caches;
  config::Assignments variable_defaults;
  config::AssignmentsByName variable_caches;   // by variable_name(cache)
  std::map<std::string, std::string> program;  // the program's own table, key to text
};

}  // namespace larder

namespace larder::config {

// The parts of Config::Layers that a source fills; appends to `problems`.
struct FileLayers {
  Assignments defaults;
  AssignmentsByName caches;
  std::map<std::string, std::string> program;
};
// `program_table` names the one more table that is accepted; empty: none.
FileLayers read_toml(std::string_view text, std::string_view program_table,
                     std::vector<std::string>& problems);

struct VariableLayers {
  Assignments defaults;
  AssignmentsByName caches;
};
VariableLayers read_variables(std::span<const std::string_view> variables,
                              std::vector<std::string>& problems);

}  // namespace larder::config
