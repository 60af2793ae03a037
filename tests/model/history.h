// History: the events of one run with what a checker must know of the cache. Recorder collects it
// from many threads; write_history and read_history keep it as JSON lines
// (docs/history-format.md).
// Thread safety: a Recorder may be used from any thread; each ClientLog belongs to one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <iosfwd>
#include <mutex>
#include <string>
#include <vector>

#include "model/event.h"

namespace larder::model {

/// What the checker must know of the cache that the history was taken from.
struct CacheFacts {
  std::vector<std::string> keys{};  ///< every key that any operation may have touched
  DeclaredIndex declared{};
  std::int64_t standard_ttl_ns = std::int64_t{7} * 24 * 3600 * 1'000'000'000;
  /// How far the engine's idea of now, and the instants it reports, may be from the cache clock.
  std::int64_t clock_tolerance_ns = 0;
  bool evictions = false;  ///< a key may vanish at any instant

  friend bool operator==(const CacheFacts&, const CacheFacts&) = default;
};

struct History {
  std::string name{};
  std::uint64_t seed = 0;
  CacheFacts facts{};
  std::vector<Event> events{};

  friend bool operator==(const History&, const History&) = default;
};

/// The events of one client. Appending touches nothing shared.
class ClientLog {
 public:
  explicit ClientLog(int client) : client_(client) {}

  void reserve(std::size_t count) { events_.reserve(count); }
  void add(Event event) {
    event.client = client_;
    events_.push_back(std::move(event));
  }
  [[nodiscard]] int client() const { return client_; }
  [[nodiscard]] const std::vector<Event>& events() const { return events_; }

 private:
  int client_;
  std::vector<Event> events_;
};

/// Hands out one log per client and joins them when the run is over.
class Recorder {
 public:
  /// A log that stays where it is for the recorder's life. Bound: one per client of the run.
  ClientLog& add_client();
  /// All events, by call instant. Call it after the clients have finished.
  [[nodiscard]] std::vector<Event> collect() const;

 private:
  mutable std::mutex mutex_;    // held at registration and collection only
  std::deque<ClientLog> logs_;  // guarded by mutex_; a log's content by its own client
};

/// A header line, then one line per event.
void write_history(std::ostream& out, const History& history);

/// Reads histories written one after the other in one stream. Throws std::runtime_error naming
/// the line that cannot be understood.
std::vector<History> read_histories(std::istream& in);

}  // namespace larder::model
