// The parser and the matcher of the glob dialect.
//
// Thread safety: as in the header.
#include "base/glob.h"

#include "base/check.h"

namespace larder::base {

// Reads a pattern once, left to right, and fills a Glob. `error_` is empty until it is refused.
class GlobParser {
 public:
  explicit GlobParser(std::string_view pattern) : rest_(pattern) {}

  std::expected<Glob, std::string_view> parse() {
    if (rest_.empty()) return std::unexpected("the pattern is empty");
    if (rest_.size() > kMaxPatternBytes) return std::unexpected("the pattern is too long");
    while (!rest_.empty() && error_.empty()) parse_step();  // each turn takes a byte or more
    if (!error_.empty()) return std::unexpected(error_);
    set_prefix();
    return std::move(glob_);
  }

 private:
  using Kind = Glob::Kind;

  char take() {
    const char byte = rest_.front();
    rest_.remove_prefix(1);
    return byte;
  }

  // Takes one byte, or the byte behind a backslash.
  unsigned char take_unescaped() {
    const char byte = take();
    if (byte != '\\') return static_cast<unsigned char>(byte);
    if (rest_.empty()) {
      error_ = "a backslash ends the pattern";
      return 0;
    }
    return static_cast<unsigned char>(take());
  }

  void add(Kind kind, std::size_t operand = 0) {
    glob_.steps_.push_back({kind, static_cast<std::uint32_t>(operand)});
  }

  void parse_step() {
    switch (rest_.front()) {
      case '*':
        take();
        if (glob_.steps_.empty() || glob_.steps_.back().kind != Kind::kStar) add(Kind::kStar);
        return;
      case '?':
        take();
        return add(Kind::kAnyByte);
      case '[':
        take();
        return parse_class();
      default:
        return add(Kind::kByte, take_unescaped());
    }
  }

  void parse_class() {
    const bool negated = !rest_.empty() && rest_.front() == '^';
    if (negated) take();
    Glob::Bytes members{};
    bool empty = true;
    while (!rest_.empty() && rest_.front() != ']' && error_.empty()) {
      parse_range(members);
      empty = false;
    }
    if (!error_.empty()) return;
    if (rest_.empty()) {
      error_ = "a class has no closing bracket";
      return;
    }
    if (empty) {
      error_ = "a class has no members";
      return;
    }
    take();
    if (negated) {
      for (std::uint64_t& word : members) word = ~word;
    }
    add(Kind::kClass, glob_.classes_.size());
    glob_.classes_.push_back(members);
  }

  // One member of a class, or a range of them.
  void parse_range(Glob::Bytes& members) {
    const unsigned char first = take_unescaped();
    unsigned char last = first;
    const bool is_range = rest_.size() >= 2 && rest_[0] == '-' && rest_[1] != ']';
    if (error_.empty() && is_range) {
      take();
      last = take_unescaped();
    }
    if (!error_.empty()) return;
    if (first > last) error_ = "a range runs backwards";
    for (unsigned byte = first; byte <= last; ++byte) {
      members[byte / 64] |= std::uint64_t{1} << (byte % 64);
    }
  }

  void set_prefix() {
    for (const Glob::Step& step : glob_.steps_) {
      if (step.kind != Kind::kByte) return;
      glob_.prefix_.push_back(static_cast<char>(step.operand));
    }
  }

  std::string_view rest_;
  std::string_view error_;
  Glob glob_;
};

std::expected<Glob, std::string_view> Glob::compile(std::string_view pattern) {
  return GlobParser(pattern).parse();
}

std::string_view Glob::literal() const noexcept {
  CHECK(is_literal());
  return prefix_;
}

bool Glob::step_matches(const Step& step, unsigned char byte) const noexcept {
  switch (step.kind) {
    case Kind::kByte:
      return step.operand == byte;
    case Kind::kAnyByte:
      return true;
    case Kind::kClass:
      return ((classes_[step.operand][byte / 64] >> (byte % 64)) & 1) != 0;
    case Kind::kStar:
      break;  // handled by the caller
  }
  return false;
}

bool Glob::matches(std::string_view text) const noexcept {
  if (is_literal()) return text == prefix_;
  if (!text.starts_with(prefix_)) return false;
  // Only the last star seen is ever stretched: whatever an earlier star could still take, the last
  // one can take as well. So each byte restarts the steps after that star at most once.
  std::size_t at = prefix_.size();
  std::size_t step = prefix_.size();
  std::size_t star_step = steps_.size();  // steps_.size(): no star seen
  std::size_t star_at = 0;
  while (at < text.size()) {
    if (step < steps_.size() && steps_[step].kind == Kind::kStar) {
      star_step = step++;
      star_at = at;
    } else if (step < steps_.size() &&
               step_matches(steps_[step], static_cast<unsigned char>(text[at]))) {
      ++step;
      ++at;
    } else if (star_step < steps_.size()) {
      step = star_step + 1;
      at = ++star_at;
    } else {
      return false;
    }
    if (step == steps_.size() && star_step + 1 == step) return true;  // a star at the end
  }
  if (step < steps_.size() && steps_[step].kind == Kind::kStar) ++step;
  return step == steps_.size();
}

}  // namespace larder::base
