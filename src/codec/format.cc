// Choosing writer and reader, and catching what a Codec throws.
//
// Thread safety: as in the header.
#include "codec/format.h"

#include <exception>

#include "base/secure.h"
#include "codec/binary_reader.h"
#include "codec/binary_writer.h"
#include "codec/decimal.h"
#include "codec/json_parser.h"
#include "codec/json_writer.h"
#include "codec/message_pack_parser.h"
#include "codec/message_pack_writer.h"
#include "codec/tape.h"

namespace larder::codec {
namespace {

Error failure(Format format, std::string_view what, std::string_view path = {}) {
  std::string message(to_string(format));
  message += ": ";
  if (!path.empty()) message.append("in field '").append(path).append("': ");
  message += what;
  return Error(Errc::serialization, std::move(message));
}

Error without_codec() {
  return Error(Errc::not_supported,
               "the type of the value has no Codec: describe it (larder/codec.h)");
}

// What the writer of a format made of the value; null, or why it gave up.
template <class Writer>
const char* write_with(const ValueOps& ops, const void* value, Sink& sink) {
  Writer writer(sink);
  ops.encode(value, writer);
  return writer.reason();
}

const char* write(Format format, const ValueOps& ops, const void* value, Sink& sink) {
  if (ops.textual_integer) return write_with<JsonWriter>(ops, value, sink);
  switch (format) {
    case Format::json:
      return write_with<JsonWriter>(ops, value, sink);
    case Format::message_pack:
      return write_with<MessagePackWriter>(ops, value, sink);
    case Format::binary:
      return write_with<BinaryWriter>(ops, value, sink);
  }
  return "the format is unknown";
}

Result<void> read_with(Format format, FieldReader& reader, const ValueOps& ops, void* to) {
  if (ops.decode(to, reader)) return {};
  return failure(format, reader.ok() ? "the Codec refused" : reader.reason(), reader.path());
}

using Parser = const char* (*)(std::string_view text, Tape& tape);

Result<void> read_tape(Format format, Parser parse, const ValueOps& ops, std::string_view payload,
                       void* to, Wiping wiping) {
  Tape tape(wiping);
  if (const char* fault = parse(payload, tape)) return failure(format, fault);
  using Dialect = TapeReader::Dialect;
  const Dialect dialect = format == Format::json ? Dialect::json : Dialect::exact;
  TapeReader reader(tape.nodes(), dialect, wiping);
  return read_with(format, reader, ops, to);
}

Result<void> read_binary(const ValueOps& ops, std::string_view payload, void* to, Wiping wiping) {
  BinaryReader reader(payload, wiping);
  Result<void> result = read_with(Format::binary, reader, ops, to);
  if (!result.ok() || reader.at_end()) return result;
  if (ops.wipe != nullptr) ops.wipe(to);
  ops.destroy(to);
  return failure(Format::binary, "the bytes have a tail");
}

Result<void> read_decimal(const ValueOps& ops, std::string_view payload, void* to) {
  const std::optional<Decimal> decimal = parse_decimal(payload);
  if (!decimal)
    return Error(Errc::serialization, "a counter is not the decimal text of an integer");
  Tape::Node node{.kind = FieldReader::Kind::integer,
                  .negative = decimal->negative,
                  .after = 1,
                  .bits = decimal->bits};
  TapeReader reader({&node, 1}, TapeReader::Dialect::exact, Wiping::off);
  return read_with(Format::json, reader, ops, to);
}

Result<void> read(Format format, const ValueOps& ops, std::string_view payload, void* to,
                  Wiping wiping) {
  if (ops.textual_integer) return read_decimal(ops, payload, to);
  switch (format) {
    case Format::json:
      return read_tape(format, parse_json, ops, payload, to, wiping);
    case Format::message_pack:
      return read_tape(format, parse_message_pack, ops, payload, to, wiping);
    case Format::binary:
      return read_binary(ops, payload, to, wiping);
  }
  return failure(format, "the format is unknown");
}

}  // namespace

Result<void> encode(Format format, const ValueOps& ops, const void* value, std::string& out,
                    Wiping wiping) {
  if (ops.encode == nullptr) return without_codec();
  Sink sink(out, wiping);
  const std::size_t before = sink.size();
  std::optional<Error> error;
  try {
    const char* reason = write(format, ops, value, sink);
    if (reason != nullptr) error = failure(format, reason);
    if (reason == nullptr && sink.size() - before > kMaxPayloadBytes) {
      error = Error(Errc::too_large, "a value has more than 512 MiB as bytes");
    }
  } catch (...) {
    error = Error::from_exception(std::current_exception(), "Codec::write");
  }
  if (error) sink.shrink(sink.size() - before);
  if (wiping == Wiping::on) base::clear_stack();
  if (error) return *std::move(error);
  return {};
}

Result<void> decode(Format format, const ValueOps& ops, std::string_view payload, void* to,
                    Wiping wiping) {
  if (ops.decode == nullptr) return without_codec();
  if (payload.size() > kMaxPayloadBytes) return failure(format, "the payload is too large");
  Result<void> result;
  try {
    result = read(format, ops, payload, to, wiping);
  } catch (...) {
    result = Error::from_exception(std::current_exception(), "Codec::read");
  }
  if (wiping == Wiping::on) base::clear_stack();
  return result;
}

std::string_view to_string(Format format) noexcept {
  switch (format) {
    case Format::json:
      return "json";
    case Format::message_pack:
      return "message_pack";
    case Format::binary:
      return "binary";
  }
  return "unknown";
}

}  // namespace larder::codec
