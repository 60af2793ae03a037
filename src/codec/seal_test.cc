// Sealing and opening: what comes back, what is corrupt, what is foreign.
#include "codec/seal.h"

#include <gtest/gtest.h>

namespace larder::codec {
namespace {

TEST(SealTest, RoundTrip) {
  for (int i = 0; i < 4; ++i) {
    SealOptions o;
    if (i & 1) o.compress_from_bytes = 10;
    if (i & 2) {
      auto ring = std::make_shared<KeyRing>();
      KeyRing::Key key{};
      ring->add(7, key);
      o.keys = ring;
    }
    std::string out = "xx";
    Term terms[] = {{"a", "b", false}, {"", "t", true}};
    std::string payload(1000, 'p');
    ASSERT_TRUE(seal(o, {"c", "k"}, {1, 2}, Version(3, 4), terms, payload, out).ok());
    auto opened = open(o, {"c", "k"}, {1, 2}, std::string_view(out).substr(2));
    ASSERT_EQ(opened.state, Opened::State::ok) << opened.reason;
    EXPECT_EQ(opened.payload, payload);
    EXPECT_EQ(opened.version, Version(3, 4));
    ASSERT_EQ(opened.terms.size(), 2U);
    EXPECT_EQ(opened.terms[1], terms[1]);
    printf("%d %zu\n", i, out.size());
  }
}

}  // namespace
}  // namespace larder::codec
