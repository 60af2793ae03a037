// The first program of a user: one cache of strings, one loader. Used by the test
// packaging.consumer.
#include <cstdio>
#include <string>

#include "larder/cache.h"
#include "larder/manager.h"

int main() {
  larder::Manager manager;
  auto opened = manager.open<std::string>("greetings", {});
  if (!opened.ok()) return 1;
  larder::Cache<std::string> cache = *opened;
  if (!cache.set("en", "hello").ok()) return 2;
  auto found = cache.get("en");
  if (!found || *found != "hello") return 3;
  auto loaded = cache.get_or_set("de", [](larder::LoadContext&) { return std::string("hallo"); });
  if (!loaded.ok() || *loaded != "hallo") return 4;
  if (!cache.close().ok()) return 5;
  std::puts("ok");
}
