// The engine "redis" as the contract's tests see it: on one real server of this program's own,
// whose time they move.
// Thread safety: called by one thread; what it returns is used by the thread that runs the tests.
#pragma once

#include "contract.h"

namespace larder::contract {

/// The server is started by the first cache that is opened, and ends with the program. Each test
/// finds it empty. Its time stands still, and is moved by advance() for the server and the caches
/// alike.
EngineUnderTest redis_under_test();

}  // namespace larder::contract
