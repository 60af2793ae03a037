// FieldWriter and FieldReader: how a value is taken apart into fields and put together again,
// whatever the format of the bytes. Codecs (larder/codec.h) use them; the library's formats
// implement them.
// Thread safety: a writer or a reader belongs to one call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace larder {

/// How the bytes of a value are laid out.
enum class Format : std::uint8_t {
  json,          ///< legible with redis-cli; bytes as base64
  message_pack,  ///< read by many languages
  binary,        ///< the library's own: the smallest
};

/// The name of a field and its hash, computed when the name is: formats that do not keep names
/// keep the hash.
struct FieldName {
  std::string_view text;
  std::uint32_t hash = 0;

  constexpr FieldName() noexcept = default;
  constexpr FieldName(const char* name) noexcept : FieldName(std::string_view(name)) {}
  constexpr FieldName(std::string_view name) noexcept : text(name), hash(hash_of(name)) {}
  friend constexpr bool operator==(const FieldName& a, const FieldName& b) noexcept {
    return a.hash == b.hash && a.text == b.text;
  }

 private:
  /// FNV-1a: the hash is a part of the binary format.
  static constexpr std::uint32_t hash_of(std::string_view name) noexcept {
    std::uint32_t hash = 2166136261U;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return hash;
  }
};

/// Most containers (lists, maps, records) within each other, in values written and read.
inline constexpr std::size_t kMaxFieldDepth = 64;

/// Receives one value. Each call writes one whole value, or opens or closes a container. Failure
/// sticks: afterwards calls have no effect that anybody sees.
class FieldWriter {
 public:
  FieldWriter(const FieldWriter&) = delete;
  FieldWriter& operator=(const FieldWriter&) = delete;

  virtual void null() = 0;
  virtual void boolean(bool value) = 0;
  virtual void integer(std::int64_t value) = 0;
  virtual void natural(std::uint64_t value) = 0;
  /// Any double; NaN comes back as NaN.
  virtual void number(double value) = 0;
  /// Text by intention; what is not valid UTF-8 comes back unchanged all the same.
  virtual void text(std::string_view value) = 0;
  virtual void bytes(std::span<const std::byte> value) = 0;

  // False: too deep; write nothing inside and do not end it.
  /// `size` values follow, then end_list().
  [[nodiscard]] virtual bool begin_list(std::size_t size) = 0;
  virtual void end_list() = 0;
  /// `size` times a key() and its value follow, then end_map().
  [[nodiscard]] virtual bool begin_map(std::size_t size) = 0;
  virtual void key(std::string_view key) = 0;
  virtual void end_map() = 0;
  /// One value per name follows, in the order of the names, then end_record(). The names are
  /// distinct and stay where they are as long as the writer.
  [[nodiscard]] virtual bool begin_record(std::span<const FieldName> names) = 0;
  virtual void end_record() = 0;

  /// Gives the value up: it cannot be written. `reason` is a literal; the first one counts.
  void fail(const char* reason) noexcept {
    if (reason_ == nullptr) reason_ = reason;
  }
  [[nodiscard]] bool ok() const noexcept { return reason_ == nullptr; }
  /// Null while ok().
  [[nodiscard]] const char* reason() const noexcept { return reason_; }

 protected:
  FieldWriter() = default;
  ~FieldWriter() = default;
  /// For formats: counts a container in; false, and failed, where it would be too deep.
  [[nodiscard]] bool enter() noexcept;
  void leave() noexcept { --depth_; }
  [[nodiscard]] std::size_t depth() const noexcept { return depth_; }

 private:
  const char* reason_ = nullptr;
  std::size_t depth_ = 0;
};

/// Hands out one value. What is asked for and not there is a failure, and failure sticks: from
/// then on every call returns false, so that loops end.
class FieldReader {
 public:
  enum class Kind : std::uint8_t {
    nothing,  ///< failed
    null,
    boolean,
    integer,  ///< signed or unsigned, of 64 bits
    number,
    text,
    bytes,  ///< in JSON they look like text: bytes() decodes it
    list,
    map,  ///< records look like it in JSON and MessagePack
    record,
  };

  FieldReader(const FieldReader&) = delete;
  FieldReader& operator=(const FieldReader&) = delete;

  /// What comes next; only right after the start, a begin, or a next that said yes.
  [[nodiscard]] virtual Kind kind() noexcept = 0;
  /// Takes a null if one comes next; false, and no failure, if something else does.
  [[nodiscard]] virtual bool null() = 0;
  [[nodiscard]] virtual bool boolean(bool& to) = 0;
  /// Integers that do not fit are a failure.
  [[nodiscard]] virtual bool integer(std::int64_t& to) = 0;
  [[nodiscard]] virtual bool natural(std::uint64_t& to) = 0;
  /// Integers count as numbers.
  [[nodiscard]] virtual bool number(double& to) = 0;
  /// What is handed out is valid until the next call.
  [[nodiscard]] virtual bool text(std::string_view& to) = 0;
  [[nodiscard]] virtual bool bytes(std::span<const std::byte>& to) = 0;

  /// `size` is how many elements there are. It is safe to reserve: the input has room for them.
  [[nodiscard]] virtual bool begin_list(std::size_t& size) = 0;
  /// Whether another element comes; where not, the list is left.
  [[nodiscard]] virtual bool next_element() = 0;
  [[nodiscard]] virtual bool begin_map(std::size_t& size) = 0;
  /// Whether another key and its value come; where not, the map is left. The key is valid until
  /// the next call.
  [[nodiscard]] virtual bool next_key(std::string_view& key) = 0;
  [[nodiscard]] virtual bool begin_record() = 0;
  /// The index in `names` of the field whose value comes next; unknown fields are skipped. Nothing:
  /// the record is left.
  [[nodiscard]] virtual std::optional<std::size_t> next_field(std::span<const FieldName> names) = 0;
  /// Passes over the next value, whatever it is.
  [[nodiscard]] virtual bool skip() = 0;

  /// Gives up; always false. `reason` is a literal; the first one counts.
  bool fail(const char* reason) noexcept {
    if (reason_ == nullptr) reason_ = reason;
    return false;
  }
  [[nodiscard]] bool ok() const noexcept { return reason_ == nullptr; }
  /// Null while ok().
  [[nodiscard]] const char* reason() const noexcept { return reason_; }
  /// Whether what a Codec leaves behind of the value (temporaries, buffers that grew) must be
  /// wiped.
  [[nodiscard]] bool wipes() const noexcept { return wipes_; }
  /// While a failure is passed up: it happened inside this field. Always false.
  bool failed_in(std::string_view field);
  /// The fields in which the failure happened, outermost first, with dots between; may be empty.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 protected:
  explicit FieldReader(bool wipes) noexcept : wipes_(wipes) {}
  ~FieldReader() = default;
  /// For formats: counts a container in; false, and failed, where it would be too deep.
  [[nodiscard]] bool enter() noexcept;
  void leave() noexcept { --depth_; }
  [[nodiscard]] std::size_t depth() const noexcept { return depth_; }

 private:
  const bool wipes_;
  const char* reason_ = nullptr;
  std::size_t depth_ = 0;
  std::string path_;
};

}  // namespace larder
