// Writing over one line of the terminal.
//
// Thread safety: see progress.h.
#include "bench/progress.h"

#include <cstdio>
#include <unistd.h>

namespace larder::bench {

Progress::Progress() : shown_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() { wipe(); }

void Progress::show(std::string_view what) {
  if (!shown_ || line_ == what) return;
  line_ = what;
  std::fprintf(stderr, "\r\x1b[K%s", line_.c_str());
  std::fflush(stderr);
}

void Progress::show(std::string_view what, std::size_t done, std::size_t all) {
  if (!shown_ || all == 0) return;
  show(std::string(what) + " " + std::to_string(done * 100 / all) + " %");
}

void Progress::wipe() {
  if (line_.empty()) return;
  line_.clear();
  std::fprintf(stderr, "\r\x1b[K");
  std::fflush(stderr);
}

}  // namespace larder::bench
