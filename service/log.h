// Log: the service's structured log: one event per line with named fields, as text or as JSON.
// Tokens and paths that may hold them are never given to it.
// Thread safety: every member may be called from any thread at any time.
#pragma once

#include <concepts>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include <spdlog/logger.h>

namespace larder::service {

enum class LogFormat { text, json };

struct LogField {
  std::string_view name;
  std::string value;
  bool is_number = false;

  LogField(std::string_view field, std::string_view text) : name(field), value(text) {}
  template <std::integral N>
  LogField(std::string_view field, N number)
      : name(field), value(std::to_string(number)), is_number(true) {}
};

class Log {
 public:
  using Level = spdlog::level::level_enum;

  // Writes to the standard error stream.
  Log(Level level, LogFormat format);

  [[nodiscard]] bool takes(Level level) const { return logger_->should_log(level); }
  // `event` and the names of fields are plain words.
  void event(Level level, std::string_view event, std::initializer_list<LogField> fields = {});

 private:
  std::shared_ptr<spdlog::logger> logger_;
  LogFormat format_;
};

}  // namespace larder::service
