// Texts of tests in the places of URLs and of redis.conf where they need escapes.
// Thread safety: pure functions.
#pragma once

#include <string>

namespace larder::servers {

/// Everything but letters and digits escaped.
std::string url_text(const std::string& text);
/// `:PASSWORD@` for a URL; empty where there is no password.
std::string url_login(const std::string& password);
/// In quotes, for redis.conf.
std::string config_text(const std::string& text);

}  // namespace larder::servers
