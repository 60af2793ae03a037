// MessagePack by msgpack-cxx's packer.
//
// Thread safety: as in the header.
#include "codec/message_pack_writer.h"

#include <bit>

#define MSGPACK_NO_BOOST  // its Boost would be another release than ours
#include <msgpack/pack.hpp>

#include "codec/float32.h"

namespace larder::codec {
namespace {

// The sink as msgpack-cxx wants it.
struct Stream {
  Sink& sink;
  void write(const char* bytes, std::size_t size) { sink.append({bytes, size}); }
};

class Packer {
 public:
  explicit Packer(Sink& sink) noexcept : stream_{sink}, packer_(stream_) {}
  msgpack::packer<Stream>* operator->() noexcept { return &packer_; }

 private:
  Stream stream_;
  msgpack::packer<Stream> packer_;
};

// Longer ones make the payload too large, whatever is written here.
std::uint32_t length(std::size_t size) noexcept { return static_cast<std::uint32_t>(size); }

template <class N>
void append_big(Sink& sink, N value) {
  char* bytes = sink.extend(sizeof(N));
  for (std::size_t i = sizeof(N); i != 0; value >>= 8) bytes[--i] = static_cast<char>(value & 0xFF);
}

}  // namespace

void MessagePackWriter::write_text(std::string_view value) {
  Packer(sink_)->pack_str(length(value.size()));
  sink_.append(value);
}

bool MessagePackWriter::before_value() {
  if (!count_value()) return false;
  if (depth() != 0 && level().kind == Container::record) {
    write_text(level().names[level().written - 1].text);
  }
  return true;
}

void MessagePackWriter::null() {
  if (before_value()) Packer(sink_)->pack_nil();
}

void MessagePackWriter::boolean(bool value) {
  if (!before_value()) return;
  Packer packer(sink_);
  value ? packer->pack_true() : packer->pack_false();
}

void MessagePackWriter::integer(std::int64_t value) {
  if (before_value()) Packer(sink_)->pack_int64(value);
}

void MessagePackWriter::natural(std::uint64_t value) {
  if (before_value()) Packer(sink_)->pack_uint64(value);
}

// By hand: the packer would write -0 as the integer 0.
void MessagePackWriter::number(double value) {
  if (!before_value()) return;
  if (fits_float32(value)) {
    sink_.append('\xCA');
    append_big(sink_, std::bit_cast<std::uint32_t>(static_cast<float>(value)));
  } else {
    sink_.append('\xCB');
    append_big(sink_, std::bit_cast<std::uint64_t>(value));
  }
}

void MessagePackWriter::text(std::string_view value) {
  if (before_value()) write_text(value);
}

void MessagePackWriter::bytes(std::span<const std::byte> value) {
  if (!before_value()) return;
  Packer(sink_)->pack_bin(length(value.size()));
  sink_.append({reinterpret_cast<const char*>(value.data()), value.size()});
}

bool MessagePackWriter::begin_list(std::size_t size) {
  if (!before_value() || !open(Container::list, size)) return false;
  Packer(sink_)->pack_array(length(size));
  return true;
}

bool MessagePackWriter::begin_map(std::size_t size) {
  if (!before_value() || !open(Container::map, size)) return false;
  Packer(sink_)->pack_map(length(size));
  return true;
}

void MessagePackWriter::key(std::string_view key) {
  if (count_key()) write_text(key);
}

bool MessagePackWriter::begin_record(std::span<const FieldName> names) {
  if (!before_value() || !open(Container::record, names.size(), names.data())) return false;
  Packer(sink_)->pack_map(length(names.size()));
  return true;
}

}  // namespace larder::codec
