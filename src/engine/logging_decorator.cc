// The logging middleware: one line per operation, errors at `error`, the rest at `debug`. Keys,
// index keys and patterns are secrets unless the options say otherwise.
//
// Thread safety: every member may be called from any thread at any time; the sink sees as much
// concurrency as the cache does.
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "engine/outcome.h"
#include "larder/middleware.h"
#include "sync/lock_checks.h"

namespace larder::engine {
namespace {

using middleware::LogLevel;
using middleware::LogOptions;
using middleware::LogRecord;

// Bounds of one line: what is longer, or more, is cut off with "...".
constexpr std::size_t kMaxKeysShown = 8;
constexpr std::size_t kMaxKeyBytesShown = 128;
constexpr std::size_t kMaxErrorBytesShown = 512;
// A line about a larger batch does not look for that many keys in the text of an error.
constexpr std::size_t kMaxKeysRedacted = 256;

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kCut = "...";

void append_hash(std::string& line, std::string_view secret) {
  const std::uint64_t hash = base::hash_bytes(secret, base::process_seed());
  line.push_back('#');
  for (int shift = 60; shift >= 0; shift -= 4) line.push_back(kHex[(hash >> shift) & 15]);
}

// In printable ASCII, so that no key can forge a line or move a terminal's cursor.
void append_printable(std::string& line, std::string_view text, std::size_t most) {
  for (const char c : text.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '\\') {
      line.push_back(c);
    } else {
      line.append("\\x").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    }
  }
  if (text.size() > most) line.append(kCut);
}

// Everything in an operation's input that may identify somebody.
std::vector<std::string_view> secrets_of(const Operation& op) {
  std::vector<std::string_view> secrets;
  for (const Item& item : items_of(op)) secrets.push_back(item.key);
  if (op.code == Opcode::rename) {
    secrets.push_back(static_cast<const KeyOperation&>(op).items[1].key);
  }
  if (op.code >= Opcode::add_index && op.code <= Opcode::clear) {
    const auto& search = static_cast<const SearchOperation&>(op);
    secrets.assign(search.terms.begin(), search.terms.end());
    if (!search.pattern.empty()) secrets.push_back(search.pattern);
    secrets.insert(secrets.end(), search.except.begin(), search.except.end());
    if (!search.cursor.empty()) secrets.push_back(search.cursor);
  }
  return secrets;
}

class LoggingDecorator final : public Decorator {
 public:
  LoggingDecorator(std::shared_ptr<Engine> inner, std::shared_ptr<const LogOptions> options)
      : Decorator(std::move(inner)), options_(std::move(options)) {}

 protected:
  void after(Operation& op, Operation::Frame&) noexcept override {
    const Error* error = first_error(op);
    const LogLevel level = error != nullptr ? LogLevel::error : LogLevel::debug;
    if (level < options_->level) return;
    try {
      const std::string line = describe(op, error);
      // CALLBACK: the user's sink.
      sync::assert_no_locks_held();
      options_->sink({.level = level, .code = op.code, .message = line, .error = error});
    } catch (...) {
      // A sink that throws, or no memory for a line, must not change the operation's outcome.
    }
  }

  // Reads that take the shortcut cannot fail, and a hit or a miss is for `debug`.
  bool allows_find() const noexcept override { return options_->level > LogLevel::debug; }

 private:
  std::string describe(const Operation& op, const Error* error) const {
    std::string line(to_string(op.code));
    if (is_batch(op)) line.append("_many");
    append_outcomes(line, op);
    const std::vector<std::string_view> secrets = secrets_of(op);
    append_keys(line, op, secrets);
    if (error != nullptr) append_error(line, *error, secrets);
    return line;
  }

  static void append_outcomes(std::string& line, const Operation& op) {
    const std::array<std::uint64_t, kOutcomes> counts = count_outcomes(op);
    for (std::size_t i = 0; i < kOutcomes; ++i) {
      if (counts[i] == 0) continue;
      line.append(" ").append(to_string(static_cast<Outcome>(i)));
      if (is_batch(op)) line.append("=").append(std::to_string(counts[i]));
    }
  }

  void append_keys(std::string& line, const Operation& op,
                   std::span<const std::string_view> secrets) const {
    const bool is_search = op.code >= Opcode::add_index;
    if (is_search) {
      const auto& search = static_cast<const SearchOperation&>(op);
      if (!search.index.empty() && search.index != SearchOperation::kTagIndex) {
        line.append(" index=");
        append_printable(line, search.index, kMaxKeyBytesShown);
      }
    }
    for (std::size_t i = 0; i < secrets.size() && i < kMaxKeysShown; ++i) {
      line.append(i > 0 ? "," : is_search ? " terms=" : " key=");
      append_secret(line, secrets[i]);
    }
    if (secrets.size() > kMaxKeysShown) line.append(",").append(kCut);
  }

  void append_secret(std::string& line, std::string_view secret) const {
    if (options_->clear_keys) {
      append_printable(line, secret, kMaxKeyBytesShown);
    } else {
      append_hash(line, secret);
    }
  }

  void append_error(std::string& line, const Error& error,
                    std::span<const std::string_view> secrets) const {
    line.append(" error=").append(to_string(error.code()));
    if (error.effect() == Effect::unknown) line.append(" effect=unknown");
    append_text(line, " message=\"", error.message(), secrets);
    append_text(line, " server=\"", error.server_message(), secrets);
  }

  void append_text(std::string& line, std::string_view label, std::string_view text,
                   std::span<const std::string_view> secrets) const {
    if (text.empty()) return;
    line.append(label);
    append_printable(line, options_->clear_keys ? std::string(text) : redacted(text, secrets),
                     kMaxErrorBytesShown);
    line.append("\"");
  }

  static std::string redacted(std::string_view text, std::span<const std::string_view> secrets) {
    if (secrets.size() > kMaxKeysRedacted) return "(withheld: too many keys)";
    std::string clean;
    std::size_t at = 0;
    while (at < text.size()) {
      std::string_view longest;
      for (const std::string_view secret : secrets) {
        if (secret.size() > longest.size() && text.substr(at).starts_with(secret)) {
          longest = secret;
        }
      }
      if (longest.empty()) {
        clean.push_back(text[at++]);
      } else {
        append_hash(clean, longest);
        at += longest.size();
      }
    }
    return clean;
  }

  // constant after construction
  std::shared_ptr<const LogOptions> options_;
};

}  // namespace
}  // namespace larder::engine

namespace larder::middleware {

std::string_view to_string(LogLevel level) noexcept {
  static constexpr std::array<std::string_view, 4> kNames = {"debug", "info", "warning", "error"};
  const auto index = static_cast<std::size_t>(level);
  return index < kNames.size() ? kNames[index] : "unknown";
}

Middleware logging(LogOptions options) {
  CHECK(options.sink != nullptr);
  auto shared = std::make_shared<const LogOptions>(std::move(options));
  return [shared](std::shared_ptr<Engine> inner) -> std::shared_ptr<Engine> {
    return std::make_shared<engine::LoggingDecorator>(std::move(inner), shared);
  };
}

}  // namespace larder::middleware
