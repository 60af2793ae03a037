// Lines of CLUSTER NODES.
#include "servers/cluster_view.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "servers/server_error.h"

namespace larder::servers {
namespace {

std::vector<std::string> split(const std::string& text, char at) {
  std::istringstream in(text);
  std::vector<std::string> parts;
  for (std::string part; std::getline(in, part, at);) parts.push_back(part);  // bound: the parts
  return parts;
}

std::uint16_t to_slot(const std::string& text) {
  return static_cast<std::uint16_t>(std::stoul(text));
}

void add_slots(ClusterNode& node, const std::string& run) {
  if (run.front() == '[') {
    node.migrations.push_back(run);
    return;
  }
  const std::vector<std::string> ends = split(run, '-');
  node.slots.emplace_back(to_slot(ends.front()), to_slot(ends.back()));
}

ClusterNode parse_node(const std::string& line) {
  constexpr std::size_t kFirstSlots = 8;
  const std::vector<std::string> words = split(line, ' ');
  if (words.size() < kFirstSlots) throw ServerError("no line of CLUSTER NODES: " + line);
  ClusterNode node{.id = words[0],
                   .address = words[1],
                   .flags = split(words[2], ','),
                   .primary_id = words[3] == "-" ? "" : words[3],
                   .epoch = std::stoull(words[6]),
                   .is_linked = words[7] == "connected",
                   .slots = {},
                   .migrations = {}};
  for (std::size_t i = kFirstSlots; i < words.size(); ++i) add_slots(node, words[i]);
  return node;
}

}  // namespace

bool ClusterNode::has_flag(std::string_view flag) const {
  return std::ranges::find(flags, flag) != flags.end();
}

bool ClusterNode::owns(std::uint16_t slot) const {
  return std::ranges::any_of(
      slots, [slot](const auto& run) { return run.first <= slot && slot <= run.second; });
}

ClusterView ClusterView::parse(const std::string& text) {
  ClusterView view;
  try {
    for (const std::string& line : split(text, '\n')) view.nodes.push_back(parse_node(line));
  } catch (const std::logic_error&) {  // of std::stoul()
    throw ServerError("a number of CLUSTER NODES is none: " + text);
  }
  return view;
}

std::string ClusterView::owner_id(std::uint16_t slot) const {
  const auto owner =
      std::ranges::find_if(nodes, [slot](const ClusterNode& node) { return node.owns(slot); });
  return owner == nodes.end() ? "" : owner->id;
}

const ClusterNode& ClusterView::self() const {
  const auto self =
      std::ranges::find_if(nodes, [](const ClusterNode& node) { return node.has_flag("myself"); });
  if (self == nodes.end()) throw ServerError("a node does not know itself");
  return *self;
}

std::string ClusterView::layout() const {
  std::vector<std::string> lines;
  for (const ClusterNode& node : nodes) {
    std::string line = node.id + " of " + node.primary_id;
    for (const auto& [first, last] : node.slots) {
      line += " " + std::to_string(first) + "-" + std::to_string(last);
    }
    lines.push_back(line + "\n");
  }
  std::ranges::sort(lines);
  std::string all;
  for (const std::string& line : lines) all += line;
  return all;
}

}  // namespace larder::servers
