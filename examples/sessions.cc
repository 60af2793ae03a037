// Sessions found by user: a typed index follows every write of a value by itself.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "larder/cache.h"
#include "larder/manager.h"

namespace {

struct Session {
  std::string user;
  std::vector<std::string> roles;
};

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "wrong: %s\n", what);
  std::exit(1);
}

}  // namespace

int main() {
  using namespace std::chrono_literals;
  larder::Manager manager;
  const auto sessions =
      manager
          .open<Session>("sessions", {.settings = {.default_ttl = 30min},
                                      .indexes = {larder::index("by_user", &Session::user),
                                                  larder::index("by_role", &Session::roles)}})
          .value();

  // set_if_absent: a token that is taken never hands over somebody else's session.
  require(sessions.set_if_absent("token-1", {"alice", {"admin", "author"}}).value(), "created");
  require(sessions.set_if_absent("token-2", {"alice", {"author"}}).value(), "created");
  require(sessions.set_if_absent("token-3", {"bob", {"author"}}).value(), "created");
  require(!sessions.set_if_absent("token-3", {"mallory", {"admin"}}).value(), "taken");

  require(sessions.count_by_index("by_user", "alice").value() == 2, "alice has two");
  require(sessions.count_by_index("by_role", "author").value() == 3, "three authors");

  // The user goes on: the session lives for another 30 minutes.
  require(sessions.touch("token-2", larder::Ttl::standard()).value(), "touched");

  // A role is withdrawn: the index changes in the same atomic step as the value.
  const auto updated =
      sessions.update("token-1", [](const Session* old) -> larder::Change<Session> {
        if (old == nullptr) return larder::keep;
        Session changed = *old;
        std::erase(changed.roles, "admin");
        return larder::store(std::move(changed));
      });
  require(updated.ok(), "updated");
  require(sessions.count_by_index("by_role", "admin").value() == 0, "no admin is left");

  for (const auto& session : sessions.get_values_by_index("by_user", "alice")) {
    std::printf("%s has %zu role(s)\n", session->user.c_str(), session->roles.size());
  }

  // Alice changes her password: every session of hers but this one ends.
  const auto ended = sessions.erase_by_index("by_user", "alice", {"token-2"});
  require(ended.ok() && *ended == 1, "one session ended");
  require(sessions.get("token-1").miss() && sessions.get("token-2").hit(), "the right one");
  require(sessions.get("token-3")->user == "bob", "bob is still there");
  std::printf("ended %zu session(s) of alice\n", *ended);
}
