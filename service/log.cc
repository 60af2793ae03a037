// The two forms of a log line.
#include "service/log.h"

#include <boost/json.hpp>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace larder::service {
namespace {

constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";

std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::value(boost::json::string_view(text)));
}

}  // namespace

Log::Log(Level level, LogFormat format) : format_(format) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  logger_ = std::make_shared<spdlog::logger>("larder", std::move(sink));
  logger_->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      format == LogFormat::json ? kJsonPattern : kTextPattern, spdlog::pattern_time_type::utc));
  logger_->set_level(level);
  logger_->flush_on(spdlog::level::warn);
}

void Log::event(Level level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!takes(level)) return;
  const bool json = format_ == LogFormat::json;
  std::string line = json ? "\"event\":" + quoted(event) : std::string(event);
  for (const LogField& field : fields) {
    const std::string value = field.is_number ? field.value : quoted(field.value);
    if (json) {
      line.append(",").append(quoted(field.name)).append(":").append(value);
    } else {
      line.append(" ").append(field.name).append("=").append(value);
    }
  }
  logger_->log(level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace larder::service
