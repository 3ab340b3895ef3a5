// Whose measurements stand for the way between a region's users and a site.
#include "broker/core/network.h"

#include <gmock/gmock.h>

#include "tests/broker/core/match_fixture.h"

namespace turnpike {
namespace {

using std::chrono::microseconds;
using Source = KnownRoundTrip::Source;

const SiteId kAlpha = IdFor<SiteId>(1);
const SiteId kBeta = IdFor<SiteId>(2);
const SiteId kGamma = IdFor<SiteId>(3);
const SiteId kDelta = IdFor<SiteId>(4);

RoundTrip Lasting(int64_t median) {
  return {.shortest = microseconds(median / 2 + 1), .median = microseconds(median), .samples = 3};
}

PairRoundTrip Pair(SiteId from, SiteId to, int64_t median, Timestamp at = kNow) {
  return {.from = from, .to = to, .round_trip = Lasting(median), .measured_at = at};
}

SiteOnNetwork Site(SiteId site_id, const std::string& region) {
  return {.site_id = site_id, .region = region, .broker = {}};
}

std::optional<KnownRoundTrip> Find(const std::vector<SiteOnNetwork>& sites, const std::vector<PairRoundTrip>& pairs,
                                   const std::string& region, SiteId site_id) {
  const NetworkView view = BuildNetworkView(sites, pairs, kNow);
  return FindRoundTrip(&view, region, site_id);
}

KnownRoundTrip FromRegion(int64_t median) {
  return {.median = microseconds(median), .source = Source::kRegion};
}

TEST(Network, ASiteOfTheRegionStandsForItsUsers) {
  const std::vector<SiteOnNetwork> sites = {Site(kAlpha, "eu"), Site(kBeta, "cn-east")};
  EXPECT_EQ(Find(sites, {Pair(kAlpha, kBeta, 180'000)}, "eu", kBeta), FromRegion(180'000));
}

TEST(Network, TheWayBackIsAsLong) {
  const std::vector<SiteOnNetwork> sites = {Site(kAlpha, "eu"), Site(kBeta, "cn-east")};
  EXPECT_EQ(Find(sites, {Pair(kBeta, kAlpha, 180'000)}, "eu", kBeta), FromRegion(180'000));
}

TEST(Network, OfSeveralPairsTheOneInTheMiddleCounts) {
  const std::vector<SiteOnNetwork> sites = {Site(kAlpha, "eu"), Site(kBeta, "eu"), Site(kGamma, "eu"),
                                            Site(kDelta, "cn-east")};
  const std::vector<PairRoundTrip> pairs = {Pair(kAlpha, kDelta, 9'000'000), Pair(kBeta, kDelta, 170'000),
                                            Pair(kDelta, kGamma, 190'000)};
  EXPECT_EQ(Find(sites, pairs, "eu", kDelta), FromRegion(190'000));
}

TEST(Network, ASiteAloneInItsRegionIsThere) {
  EXPECT_EQ(Find({Site(kAlpha, "eu"), Site(kBeta, "cn-east")}, {}, "eu", kAlpha), FromRegion(0));
}

TEST(Network, WithinARegionWhatItsSitesMeasuredCounts) {
  const std::vector<SiteOnNetwork> sites = {Site(kAlpha, "eu"), Site(kBeta, "eu")};
  EXPECT_EQ(Find(sites, {Pair(kAlpha, kBeta, 8'000)}, "eu", kBeta), FromRegion(8'000));
}

TEST(Network, TheBrokersMeasurementIsTheBoundWhereTheRegionHasNone) {
  std::vector<SiteOnNetwork> sites = {Site(kAlpha, "eu"), Site(kBeta, "cn-east")};
  sites[1].broker = Lasting(30'000);
  sites[1].broker_measured_at = kNow;
  const KnownRoundTrip from_broker{.median = microseconds(30'000), .source = Source::kBroker};
  EXPECT_EQ(Find(sites, {}, "eu", kBeta), from_broker);
  EXPECT_EQ(Find(sites, {}, "", kBeta), from_broker) << "the user's region is unknown";
  EXPECT_EQ(Find(sites, {}, "mars", kBeta), from_broker) << "no site is there";
  EXPECT_EQ(Find(sites, {Pair(kAlpha, kBeta, 180'000)}, "eu", kBeta), FromRegion(180'000));
}

TEST(Network, WhatNothingAnsweredToSaysNothing) {
  const std::vector<SiteOnNetwork> sites = {Site(kAlpha, "eu"), Site(kBeta, "cn-east")};
  const PairRoundTrip unreachable{.from = kAlpha, .to = kBeta, .round_trip = {}, .measured_at = kNow};
  EXPECT_EQ(Find(sites, {unreachable}, "eu", kBeta), std::nullopt);
}

TEST(Network, WhatIsTooOldOrOfNoSiteIsUnknown) {
  std::vector<SiteOnNetwork> sites = {Site(kAlpha, "eu"), Site(kBeta, "cn-east")};
  const Timestamp last = kNow - kMeasurementAgeMax;
  EXPECT_EQ(Find(sites, {Pair(kAlpha, kBeta, 5, last)}, "eu", kBeta), FromRegion(5));
  EXPECT_EQ(Find(sites, {Pair(kAlpha, kBeta, 5, last - Duration(1))}, "eu", kBeta), std::nullopt);
  EXPECT_EQ(Find(sites, {Pair(kGamma, kBeta, 5)}, "eu", kBeta), std::nullopt);
  sites[1].broker = Lasting(30'000);
  sites[1].broker_measured_at = last - Duration(1);
  EXPECT_EQ(Find(sites, {}, "eu", kBeta), std::nullopt);
}

TEST(Network, NothingMeasuredIsUnknown) {
  EXPECT_EQ(FindRoundTrip(nullptr, "eu", kAlpha), std::nullopt);
  EXPECT_EQ(Find({Site(kAlpha, "")}, {}, "", kAlpha), std::nullopt) << "no region is no place";
}

TEST(Network, OnlyWhatCanBeIsPlausible) {
  EXPECT_TRUE(IsPlausible({.shortest = microseconds(1), .median = microseconds(1), .samples = 1}));
  EXPECT_TRUE(IsPlausible({.shortest = kRoundTripMax, .median = kRoundTripMax, .samples = 1}));
  EXPECT_FALSE(IsPlausible({.shortest = microseconds(0), .median = microseconds(1), .samples = 1}));
  EXPECT_FALSE(IsPlausible({.shortest = microseconds(-1), .median = microseconds(1), .samples = 1}));
  EXPECT_FALSE(IsPlausible({.shortest = microseconds(2), .median = microseconds(1), .samples = 1}));
  EXPECT_FALSE(IsPlausible({.shortest = microseconds(1), .median = kRoundTripMax + microseconds(1), .samples = 1}));
  EXPECT_FALSE(IsPlausible({.shortest = microseconds(1), .median = microseconds(1), .samples = 0}));
}

}  // namespace
}  // namespace turnpike
