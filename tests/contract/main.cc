// The library's own engines, and the program that tests them.
//
// Thread safety: main.
#include "contract.h"
#include "redis_under_test.h"

int main(int argc, char** argv) {
  using larder::contract::register_engine;
  register_engine({.name = "memory"});
  register_engine(
      {.name = "null",
       .capabilities = {.stores = false, .bounded = false, .native = true, .in_process = true}});
  register_engine(larder::contract::redis_under_test());
  return larder::contract::run_contract(argc, argv);
}
