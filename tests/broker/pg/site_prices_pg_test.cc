#include <gtest/gtest.h>

#include <future>

#include "base/error_reason.h"
#include "tests/broker/pg/site_store_fixture.h"

namespace turnpike {
namespace {

using Versions = std::vector<std::pair<SiteId, int64_t>>;

PriceBook Book(SiteId site, int64_t core_hour) {
  return {.site_id = site,
          .version = 0,
          .effective_time = {},
          .unit = "EUR",
          .rates = {{"*", PricedResource::kCoreHour, core_hour}}};
}

Versions Sorted(Versions versions) {
  std::ranges::sort(versions);
  return versions;
}

class SitePricesTest : public PgSiteStoreTest {
 protected:
  int64_t Set(SiteId site, int64_t core_hour) {
    const Result<PriceBook> book = store_.SetPriceBook(database_.NewKey("SetPriceBook", "body"), Book(site, core_hour));
    EXPECT_TRUE(book.ok()) << book.status();
    return book.ok() ? book->version : -1;
  }

  const SiteId alpha_ = Register("alpha", "alpha's token").site_id;
  const SiteId beta_ = Register("beta", "beta's token").site_id;
};

TEST_F(SitePricesTest, ABookComesBackAsItWasSet) {
  PriceBook book = Book(alpha_, 20'000);
  book.rates = {{"*", PricedResource::kCoreHour, 20'000},
                {"gpu", PricedResource::kNodeHour, 0},
                {"gpu", PricedResource::kAcceleratorHour, 1'500'000},
                {"gpu", PricedResource::kMemoryGibHour, 1}};
  const Timestamp before = database_.Now();
  const Result<PriceBook> set = store_.SetPriceBook(database_.NewKey("SetPriceBook", "body"), book);
  ASSERT_TRUE(set.ok()) << set.status();
  const Result<PriceBook> read = store_.GetPriceBook(alpha_, 1);
  ASSERT_TRUE(read.ok()) << read.status();
  for (const PriceBook& found : {*set, *read}) {
    EXPECT_EQ(found.site_id, alpha_);
    EXPECT_EQ(found.version, 1);
    EXPECT_EQ(found.unit, "EUR");
    EXPECT_GE(found.effective_time, before - std::chrono::seconds(1));
    EXPECT_EQ(found.rates.size(), book.rates.size());
    for (const Rate& rate : book.rates) {
      EXPECT_TRUE(std::ranges::find(found.rates, rate) != found.rates.end()) << PricedResourceName(rate.resource);
    }
  }
}

TEST_F(SitePricesTest, EachBookIsTheNextVersionAndTheHighestIsInForce) {
  EXPECT_EQ(Set(alpha_, 10), 1);
  EXPECT_EQ(Set(alpha_, 20), 2);
  EXPECT_EQ(Set(beta_, 30), 1);
  EXPECT_EQ(store_.GetPriceBook(alpha_, 0)->rates.front().micros_per_hour, 20);
  EXPECT_EQ(store_.GetPriceBook(alpha_, 1)->rates.front().micros_per_hour, 10);
  EXPECT_EQ(Read("alpha").price_book_version, 2);
  const Result<std::vector<PriceBook>> in_force = store_.PriceBooksInForce();
  ASSERT_TRUE(in_force.ok()) << in_force.status();
  Versions versions;
  for (const PriceBook& book : *in_force) {
    versions.emplace_back(book.site_id, book.version);
  }
  EXPECT_EQ(versions, Sorted({{alpha_, 2}, {beta_, 1}}));
}

TEST_F(SitePricesTest, EachBookMakesAListThatReplacesOnlyItsOwnSite) {
  EXPECT_EQ(store_.LatestPriceList()->id, 0);
  EXPECT_TRUE(store_.LatestPriceList()->versions.empty());
  Set(alpha_, 10);
  Set(beta_, 20);
  Set(alpha_, 30);
  const Result<std::vector<PriceListRecord>> lists = store_.PriceLists({3, 1, 2, 99});
  ASSERT_TRUE(lists.ok()) << lists.status();
  ASSERT_EQ(lists->size(), 3u);
  const Versions expected[] = {{{alpha_, 1}}, Sorted({{alpha_, 1}, {beta_, 1}}), Sorted({{alpha_, 2}, {beta_, 1}})};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*lists)[i].id, static_cast<int64_t>(i) + 1);
    EXPECT_EQ((*lists)[i].versions, expected[i]);
  }
  const Result<PriceListRecord> latest = store_.LatestPriceList();
  ASSERT_TRUE(latest.ok()) << latest.status();
  EXPECT_EQ(latest->id, 3);
  EXPECT_EQ(latest->versions, expected[2]);
}

TEST_F(SitePricesTest, ReadsBooksByVersionAndLeavesOutWhatDoesNotExist) {
  Set(alpha_, 10);
  Set(alpha_, 20);
  Set(beta_, 30);
  // Alpha's second version does not become readable as beta's.
  const Result<std::vector<PriceBook>> books = store_.PriceBooks({{beta_, 2}, {beta_, 1}, {alpha_, 1}, {alpha_, 9}});
  ASSERT_TRUE(books.ok()) << books.status();
  Versions versions;
  for (const PriceBook& book : *books) {
    versions.emplace_back(book.site_id, book.version);
  }
  EXPECT_EQ(versions, Sorted({{alpha_, 1}, {beta_, 1}}));
  EXPECT_TRUE(store_.PriceBooks({})->empty());
}

TEST_F(SitePricesTest, ARepeatReturnsTheVersionMadeFirst) {
  const RequestKey key = database_.NewKey("SetPriceBook", "ten");
  ASSERT_TRUE(store_.SetPriceBook(key, Book(alpha_, 10)).ok());
  Set(alpha_, 20);
  const Result<PriceBook> repeat = store_.SetPriceBook(key, Book(alpha_, 10));
  ASSERT_TRUE(repeat.ok()) << repeat.status();
  EXPECT_EQ(repeat->version, 1);
  EXPECT_EQ(repeat->rates.front().micros_per_hour, 10);
  EXPECT_EQ(store_.LatestPriceList()->id, 2);
}

TEST_F(SitePricesTest, RefusesAReusedRequestIdAndAnUnknownSite) {
  RequestKey key = database_.NewKey("SetPriceBook", "ten");
  ASSERT_TRUE(store_.SetPriceBook(key, Book(alpha_, 10)).ok());
  key.request_hash = Sha256("twenty");
  const Result<PriceBook> reused = store_.SetPriceBook(key, Book(alpha_, 20));
  EXPECT_EQ(DetailsOf(reused.status()).reason, ErrorReason::kRequestIdReused) << reused.status();
  const SiteId nobody = database_.ids().Random<SiteId>();
  const Result<PriceBook> unknown = store_.SetPriceBook(database_.NewKey("SetPriceBook", ""), Book(nobody, 10));
  EXPECT_EQ(unknown.status().code(), StatusCode::kNotFound) << unknown.status();
  EXPECT_EQ(store_.LatestPriceList()->id, 1);
}

TEST_F(SitePricesTest, DoesNotFindPricesThatWereNeverSet) {
  EXPECT_EQ(store_.GetPriceBook(alpha_, 0).status().code(), StatusCode::kNotFound);
  Set(alpha_, 10);
  const Result<PriceBook> missing = store_.GetPriceBook(alpha_, 2);
  EXPECT_EQ(missing.status().code(), StatusCode::kNotFound);
  EXPECT_EQ(DetailsOf(missing.status()).reason, ErrorReason::kNotFound);
  EXPECT_EQ(store_.GetPriceBook(database_.ids().Random<SiteId>(), 0).status().code(), StatusCode::kNotFound);
}

TEST_F(SitePricesTest, BooksSetAtOnceGetVersionsAndListsWithoutGaps) {
  constexpr int kEach = 5;
  std::vector<std::future<void>> writers;
  for (const SiteId site : {alpha_, beta_, alpha_, beta_}) {
    writers.push_back(std::async(std::launch::async, [this, site] {
      for (int i = 0; i < kEach; ++i) {
        Set(site, i);
      }
    }));
  }
  for (std::future<void>& writer : writers) {
    writer.get();
  }
  const Result<PriceListRecord> latest = store_.LatestPriceList();
  ASSERT_TRUE(latest.ok()) << latest.status();
  EXPECT_EQ(latest->id, 4 * kEach);
  EXPECT_EQ(latest->versions, Sorted({{alpha_, 2 * kEach}, {beta_, 2 * kEach}}));
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(DISTINCT price_list_id) FROM price_list"), 4 * kEach);
}

}  // namespace
}  // namespace turnpike
