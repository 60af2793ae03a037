// The escaping that keeps the parts of a key apart.
// Thread safety: see layout.h.
#include "redis/layout.h"

namespace larder::redis {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

void append_escaped(std::string& to, char c) {
  const auto byte = static_cast<unsigned char>(c);
  to += '%';
  to += kHex[byte >> 4];
  to += kHex[byte & 15];
}

std::string in_braces(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size() + 2);
  escaped += '{';
  for (const char c : text) {
    if (c == '}' || c == '%') {
      append_escaped(escaped, c);
    } else {
      escaped += c;
    }
  }
  escaped += '}';
  return escaped;
}

int digit(char c) {
  const std::size_t at = kHex.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = digit(text[i + 1]);
    const int low = digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    plain += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return plain;
}

}  // namespace

Layout::Layout(std::string_view cache, Placement placement)
    : placement_(std::move(placement)),
      prefix_("larder:" + escaped(cache) + ':'),
      entry_prefix_(prefix_ + "e:") {}

std::string Layout::name(std::string_view key) const {
  if (!placement_) return in_braces(key);
  return in_braces(placement_(key)) + ':' + std::string(key);
}

std::string Layout::index(std::string_view index, std::string_view term) const {
  return prefix_ + "i:" + escaped(index) + ':' + std::string(term);
}

std::string Layout::tag(std::string_view tag) const { return prefix_ + "t:" + std::string(tag); }

std::string Layout::all_of_index(std::string_view index) const {
  return prefix_ + "i:" + escaped(index) + ":*";
}

std::optional<std::string> Layout::key_of_name(std::string_view name) {
  if (name.size() < 2 || name.front() != '{') return std::nullopt;
  const std::size_t end = name.find('}');
  if (end == std::string_view::npos) return std::nullopt;
  if (end + 1 == name.size()) return unescaped(name.substr(1, end - 1));
  if (name[end + 1] != ':' || end + 2 == name.size()) return std::nullopt;
  return std::string(name.substr(end + 2));
}

std::optional<std::string_view> Layout::name_of_entry(std::string_view entry) const {
  if (!entry.starts_with(entry_prefix_)) return std::nullopt;
  return entry.substr(entry_prefix_.size());
}

std::string Layout::escaped(std::string_view text) {
  constexpr std::string_view kSteering = ":{}%*?[]\\^";
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || kSteering.find(c) != std::string_view::npos) {
      append_escaped(escaped, c);
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace larder::redis
