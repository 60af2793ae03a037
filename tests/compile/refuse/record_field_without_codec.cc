// expect: larder: a type in a value has no Codec
// A described type is stored with all of its fields, so each of them must have a Codec.
#include <string>

#include "larder/cache.h"

struct Opaque {
  int value = 0;
};
struct Session {
  std::string subject;
#ifdef LARDER_ACCEPT
  int opaque = 0;
#else
  Opaque opaque;
#endif
};

template <>
struct larder::Codec<Session> : larder::Record<Session, "session", 1> {
  static constexpr auto fields() {
    return larder::fields(larder::field("subject", &Session::subject),
                          larder::field("opaque", &Session::opaque));
  }
};

const larder::ValueOps* ops = &larder::kValueOps<Session>;
