// The library's own engines, and the program that tests them.
//
// Thread safety: main.
#include "contract.h"

int main(int argc, char** argv) {
  using larder::contract::register_engine;
  register_engine({.name = "memory"});
  register_engine(
      {.name = "null", .capabilities = {.stores = false, .bounded = false, .native = true}});
  return larder::contract::run_contract(argc, argv);
}
