// Every part of a URL: what is accepted, what is refused and with which words, and that no word of
// a URL comes back in a message.
#include "redis/url.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/prng.h"

namespace larder::redis {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Target parsed(std::string_view url) {
  Result<Target> target = parse_url(url);
  EXPECT_TRUE(target) << url << ": " << (target ? "" : target.error().message());
  return target ? *target : Target{};
}

std::string refusal(std::string_view url) {
  const Result<Target> target = parse_url(url);
  if (target) return "accepted";
  EXPECT_EQ(target.error(), Errc::invalid_config);
  return std::string(target.error().message());
}

TEST(Url, TakesHostPortAndDatabase) {
  const Target plain = parsed("redis://cache.example");
  ASSERT_EQ(plain.endpoints.size(), 1U);
  EXPECT_EQ(plain.endpoints[0].host, "cache.example");
  EXPECT_EQ(plain.endpoints[0].port, kDefaultPort);
  EXPECT_FALSE(plain.endpoints[0].is_unix());
  EXPECT_EQ(plain.database, 0U);
  EXPECT_EQ(plain.protocol, 3U);
  EXPECT_FALSE(plain.tls.enabled);
  EXPECT_EQ(plain.topology, Topology::standalone);

  const Target full = parsed("REDIS://10.0.0.1:7000/12?protocol=2&name=orders");
  EXPECT_EQ(full.endpoints[0].text(), "10.0.0.1:7000");
  EXPECT_EQ(full.database, 12U);
  EXPECT_EQ(full.protocol, 2U);
  EXPECT_EQ(full.client_name, "orders");
  EXPECT_EQ(parsed("redis://h/").database, 0U);
  EXPECT_EQ(parsed("redis://h?db=3").database, 3U);
  EXPECT_EQ(parsed("redis://h:65535").endpoints[0].port, 65'535);
}

TEST(Url, TakesIpv6InBrackets) {
  EXPECT_EQ(parsed("redis://[::1]:7000/1").endpoints[0].text(), "[::1]:7000");
  EXPECT_EQ(parsed("redis://[fe80::1%25eth0]").endpoints[0].host, "fe80::1%eth0");
}

TEST(Url, TakesUserAndPassword) {
  const Target both = parsed("redis://alice:s%3Ae%40c%2Fr%25et@h");
  EXPECT_EQ(both.user, "alice");
  EXPECT_EQ(both.password, "s:e@c/r%et");
  const Target alone = parsed("redis://:secret@h");
  EXPECT_TRUE(alone.user.empty());
  EXPECT_EQ(alone.password, "secret");
  EXPECT_EQ(parsed("redis://:a:b@h").password, "a:b");
  EXPECT_EQ(parsed("redis://:a@b@h").password, "a@b") << "the last @ ends the password";
  EXPECT_TRUE(parsed("redis://:@h").password.empty());
}

TEST(Url, TakesTls) {
  const Target tls = parsed("rediss://h?ca_file=/etc/ca.pem&server_name=real.example");
  EXPECT_TRUE(tls.tls.enabled);
  EXPECT_TRUE(tls.tls.verify);
  EXPECT_EQ(tls.tls.ca_file, "/etc/ca.pem");
  EXPECT_EQ(tls.tls.server_name, "real.example");
  const Target mutual = parsed("rediss://h?cert_file=c%20c.pem&key_file=k.pem&verify=false");
  EXPECT_EQ(mutual.tls.cert_file, "c c.pem");
  EXPECT_EQ(mutual.tls.key_file, "k.pem");
  EXPECT_FALSE(mutual.tls.verify);
  EXPECT_TRUE(parsed("redis+cluster://h?tls=true").tls.enabled);
}

TEST(Url, TakesUnixSockets) {
  const Target plain = parsed("unix:///run/redis.sock");
  EXPECT_TRUE(plain.endpoints[0].is_unix());
  EXPECT_EQ(plain.endpoints[0].path, "/run/redis.sock");
  const Target full = parsed("unix://u:p@/run/my%20redis?db=4");
  EXPECT_EQ(full.endpoints[0].path, "/run/my redis");
  EXPECT_EQ(full.user, "u");
  EXPECT_EQ(full.database, 4U);
}

TEST(Url, RecognisesSentinelAndCluster) {
  const Target sentinel = parsed("sentinel://u:p@a,b:5000,[::2]/main/2?sentinel_password=x%21");
  EXPECT_EQ(sentinel.topology, Topology::sentinel);
  ASSERT_EQ(sentinel.endpoints.size(), 3U);
  EXPECT_EQ(sentinel.text(), "a:26379,b:5000,[::2]:26379");
  EXPECT_EQ(sentinel.primary_name, "main");
  EXPECT_EQ(sentinel.database, 2U);
  EXPECT_EQ(sentinel.sentinel_password, "x!");
  const Target cluster = parsed("redis+cluster://a:1,b:2,c:3,d:4");
  EXPECT_EQ(cluster.topology, Topology::cluster);
  EXPECT_EQ(cluster.text(), "a:1,b:2,c:3,...");
}

TEST(Url, RefusesEachPartWithItsName) {
  struct Case {
    std::string_view url, part;
  };
  constexpr Case kCases[] = {
      {"", "scheme"},
      {"redis", "scheme"},
      {"redis:/h", "scheme"},
      {"http://h", "scheme"},
      {"redis://", "host"},
      {"redis://:6379", "host"},
      {"redis://a b", "host"},
      {"redis://a,b", "host"},
      {"redis://[::1", "host"},
      {"redis://[::1]x", "host"},
      {"redis://[h]", "host"},
      {"redis://::1", "host"},
      {"redis://h:", "port"},
      {"redis://h:0", "port"},
      {"redis://h:65536", "port"},
      {"redis://h:+1", "port"},
      {"redis://h/x", "database"},
      {"redis://h/-1", "database"},
      {"redis://h/1000001", "database"},
      {"redis://h/1/2", "database"},
      {"redis://h/1?db=1", "database"},
      {"redis://word@h", "user"},
      {"redis://u:@h", "password"},
      {"redis://u:%4@h", "password"},
      {"redis://u:%zz@h", "password"},
      {"redis://%:p@h", "user"},
      {"redis://h?protocol=4", "protocol"},
      {"redis://h?name=a%20b", "name"},
      {"redis://h?unknown=1", "option"},
      {"redis://h?DB=1", "option"},
      {"redis://h#1", "url"},
      {"redis://h?tls=maybe", "tls"},
      {"redis://h?ca_file=/x", "tls"},
      {"redis://h?verify=false", "tls"},
      {"rediss://h?ca_file=", "ca_file"},
      {"rediss://h?ca_file=%00", "ca_file"},
      {"rediss://h?key_file=/x", "cert_file"},
      {"rediss://h?server_name=a/b", "server_name"},
      {"redis://h?sentinel_password=x", "sentinel_password"},
      {"unix://", "path"},
      {"unix://run/redis", "path"},
      {"unix:///a%00b", "path"},
      {"unix:///a?tls=true", "tls"},
      {"sentinel://h", "primary"},
      {"sentinel://h/", "primary"},
      {"sentinel://h/a%20b", "primary"},
      {"sentinel://h,/p", "host"},
      {"redis+cluster://h/1", "database"},
  };
  for (const auto& [url, part] : kCases) {
    EXPECT_THAT(refusal(url), StartsWith(std::string(part) + ": ")) << url;
  }
  EXPECT_THAT(refusal("unix:///" + std::string(107, 'x')), StartsWith("path: "));
  EXPECT_THAT(refusal("redis://" + std::string(256, 'x')), StartsWith("host: "));
  EXPECT_THAT(refusal("redis://:" + std::string(4097, 'x') + "@h"), StartsWith("password: "));
  EXPECT_THAT(refusal("redis://" + std::string(kMostUrlBytes, 'x')), StartsWith("url: "));
  EXPECT_THAT(refusal("redis://h:70000"), HasSubstr("1 to 65535"));
}

// A password with marks that were not quoted ends up in any part: no message repeats it.
TEST(Url, RepeatsNothingOfTheUrl) {
  base::Prng random(7);
  constexpr std::string_view kMarks = ":/@?#&=%[],. ";
  for (int i = 0; i < 20'000; ++i) {
    std::string secret = "qzqzq";
    for (int j = 0; j < 3; ++j) {
      secret.insert(random.below(secret.size() + 1), 1, kMarks[random.below(kMarks.size())]);
    }
    for (const std::string_view scheme : {"redis://", "unix://", "sentinel://", ""}) {
      const Result<Target> target = parse_url(std::string(scheme) + "u:" + secret + "@host/1");
      if (!target) {
        EXPECT_EQ(target.error().message().find("qz"), std::string_view::npos) << secret;
        EXPECT_EQ(target.error().message().find("zq"), std::string_view::npos) << secret;
      }
    }
  }
}

TEST(Url, ParsesEndpointsAlone) {
  const Result<Endpoint> with_port = parse_endpoint("localhost:7001");
  ASSERT_TRUE(with_port);
  EXPECT_EQ(with_port->text(), "localhost:7001");
  const Result<Endpoint> without = parse_endpoint("h", 26'379);
  ASSERT_TRUE(without);
  EXPECT_EQ(without->port, 26'379);
  EXPECT_FALSE(parse_endpoint(""));
  EXPECT_FALSE(parse_endpoint("h:x"));
}

}  // namespace
}  // namespace larder::redis
