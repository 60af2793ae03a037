// expect: larder: two fields of a record have one name or one hash
// What is stored under one name could not be told apart.
#include <string>

#include "larder/cache.h"

struct Session {
  std::string subject;
  std::string issuer;
};

#ifdef LARDER_ACCEPT
constexpr const char* kSecond = "issuer";
#else
constexpr const char* kSecond = "subject";
#endif

template <>
struct larder::Codec<Session> : larder::Record<Session, "session", 1> {
  static constexpr auto fields() {
    return larder::fields(larder::field("subject", &Session::subject),
                          larder::field(kSecond, &Session::issuer));
  }
};

const larder::ValueOps* ops = &larder::kValueOps<Session>;
