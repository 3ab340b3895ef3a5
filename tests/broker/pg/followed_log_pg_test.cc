// Output that is read while it is written: who is asked for it, what is kept of it, and what a reader then sees.
#include <gmock/gmock.h>

#include "broker/core/log_limits.h"
#include "broker/pg/pg_log_store.h"
#include "broker/pg/pg_log_watch.h"
#include "tests/broker/pg/job_life_fixture.h"

namespace turnpike {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Where {
  int64_t offset = 0;
  int64_t attempt = 0;
  std::optional<ProjectId> project_id = {};  // instead of the fixture's
};

class FollowedLog : public JobLifeTest {
 protected:
  void SetUp() override {
    JobLifeTest::SetUp();
    job_ = Submit(Job());
    attempt_ = Place(job_);
  }

  void Renew(bool error_stream = false) { ASSERT_TRUE(logs_.Renew(project_.project_id, attempt_, error_stream).ok()); }
  StoredLog Store(int64_t offset, const std::string& bytes) {
    const Result<StoredLog> stored =
        links_.StoreLog(site_id_, {{.attempt_id = attempt_, .error_stream = false, .offset = offset, .bytes = bytes}});
    EXPECT_TRUE(stored.ok()) << stored.status();
    return stored.value_or(StoredLog{});
  }
  LogPage Read(bool follows, const Where& where = {}) {
    const LogPlace place{.project_id = where.project_id.value_or(project_.project_id),
                         .job_id = job_.job_id,
                         .attempt = where.attempt,
                         .error_stream = false,
                         .offset = where.offset};
    const Result<LogPage> page = logs_.Read(place, follows);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.value_or(LogPage{});
  }
  static std::vector<std::string> Texts(const LogPage& page) {
    std::vector<std::string> texts;
    for (const LogChunk& chunk : page.chunks) {
      texts.push_back(std::to_string(chunk.offset) + ":" + chunk.bytes);
    }
    return texts;
  }
  // What the site is asked for, as "stream@offset".
  std::vector<std::string> Wished() {
    const Result<std::vector<DesiredAttempt>> desired = links_.DesiredWithoutOrders(site_id_);
    EXPECT_TRUE(desired.ok()) << desired.status();
    std::vector<std::string> wished;
    for (const LogWish& wish : desired->front().log_wishes) {
      wished.push_back((wish.error_stream ? "error@" : "output@") + std::to_string(wish.offset));
    }
    return wished;
  }
  void Change(const char* sql) { database_.AsSuperuser(sql); }

  PgLogStore logs_{database_.transactions()};
  PgLogWatch watch_{placement_transactions_};
  JobView job_;
  AttemptId attempt_;
};

TEST_F(FollowedLog, IsAskedForFromWhereItIsKept) {
  EXPECT_THAT(Wished(), IsEmpty());
  Renew();
  EXPECT_THAT(Wished(), ElementsAre("output@0"));
  Store(0, "hello");
  Renew(true);
  EXPECT_THAT(Wished(), ElementsAre("output@5", "error@0"));
}

TEST_F(FollowedLog, IsAskedForInTheAnswerToAClaimToo) {
  Renew();
  const Result<AppliedReports> applied = Apply({Report(ReportKind::kClaimed, attempt_)});
  ASSERT_TRUE(applied.ok()) << applied.status();
  ASSERT_EQ(applied->answers.size(), 1U);
  EXPECT_EQ(applied->answers.front().log_wishes.size(), 1U);
}

TEST_F(FollowedLog, IsAskedForNoMoreWhenNobodyHasReadForAMinute) {
  Renew();
  EXPECT_FALSE(Read(true).renew_due);
  Change("UPDATE log_wish SET until = now() + interval '39 s'");
  EXPECT_TRUE(Read(true).renew_due);
  Change("UPDATE log_wish SET until = now() - interval '1 s'");
  EXPECT_THAT(Wished(), IsEmpty());
  Renew();
  EXPECT_THAT(Wished(), ElementsAre("output@0"));
}

TEST_F(FollowedLog, IsKeptOnceHoweverItsPiecesOverlap) {
  Renew();
  EXPECT_THAT(Store(0, "hello ").followed, ElementsAre(attempt_));
  EXPECT_THAT(Store(0, "hello ").followed, IsEmpty());
  Store(3, "lo wor");
  Store(0, "hello world");
  EXPECT_THAT(Texts(Read(true)), ElementsAre("0:hello ", "6:wor", "9:ld"));
  EXPECT_EQ(database_.CountAsSuperuser("SELECT sum(octet_length(bytes))::bigint FROM log_chunk"), 11);
  EXPECT_EQ(Read(true, {.offset = 7}).next_offset, 11);
  EXPECT_THAT(Texts(Read(true, {.offset = 7})), ElementsAre("7:or", "9:ld"));
  EXPECT_THAT(Texts(Read(false, {.offset = -3})), ElementsAre("8:r", "9:ld"));
  EXPECT_THAT(Texts(Read(false, {.offset = 11})), IsEmpty());
}

TEST_F(FollowedLog, OfAPageGoesOnInTheNext) {
  Renew();
  for (int64_t offset = 0; offset < 20; ++offset) {
    Store(offset, "x");
  }
  int64_t next = 0;
  for (int pages = 0; pages < 3; ++pages) {
    next = Read(true, {.offset = next}).next_offset;
  }
  EXPECT_EQ(next, 20);
}

TEST_F(FollowedLog, IsNotReadBeyondAGapUntilNoMoreCanCome) {
  Renew();
  Store(0, "begin");
  Store(100, "end");
  EXPECT_THAT(Texts(Read(true)), ElementsAre("0:begin"));
  EXPECT_THAT(Texts(Read(false)), ElementsAre("0:begin", "100:end"));
  EXPECT_THAT(Wished(), ElementsAre("output@5"));
  ASSERT_TRUE(Apply(WholeLife(attempt_)).ok());
  EXPECT_FALSE(Read(true).complete) << "the site may still be sending";
  Store(5, "middle");
  Store(103, "");
  const LogPage page = Read(true);
  EXPECT_TRUE(page.complete);
  EXPECT_THAT(Texts(page), ElementsAre("0:begin", "5:middle", "100:end"));
}

TEST_F(FollowedLog, IsCompleteHalfAMinuteAfterTheEndWhateverTheSiteSays) {
  Renew();
  ASSERT_TRUE(Apply(WholeLife(attempt_)).ok());
  EXPECT_FALSE(Read(true).complete);
  Change("UPDATE log_wish SET until = now() + interval '29 s'");
  EXPECT_TRUE(Read(true).complete);
}

TEST_F(FollowedLog, ThatNobodyFollowedHasItsEndAlone) {
  Store(900, "end");
  EXPECT_THAT(Texts(Read(true)), IsEmpty()) << "it still runs";
  ASSERT_TRUE(Apply(WholeLife(attempt_)).ok());
  const LogPage page = Read(true);
  EXPECT_TRUE(page.complete);
  EXPECT_FALSE(page.renew_due);
  EXPECT_THAT(Texts(page), ElementsAre("900:end"));
}

TEST_F(FollowedLog, KeepsTheLongerOfTwoPiecesThatBeginAlike) {
  Store(10, "end");
  Renew();
  Store(0, "0123456789");
  Store(10, "endings");
  Store(10, "en");
  EXPECT_THAT(Texts(Read(true)), ElementsAre("0:0123456789", "10:endings"));
}

TEST_F(FollowedLog, EndsAtItsLimitButForTheLastBytes) {
  Renew();
  Change("UPDATE log_wish SET stored_end = 64 * 1048576 - 2");
  EXPECT_THAT(Wished(), ElementsAre("output@67108862"));
  const StoredLog stored = Store(kFollowedBytesMax - 2, "over");
  EXPECT_TRUE(stored.stream_is_full);
  EXPECT_FALSE(stored.site_is_full);
  EXPECT_THAT(Wished(), IsEmpty());
  EXPECT_FALSE(Store(kFollowedBytesMax + 2, "on the way").stream_is_full) << "said once";
  Change("UPDATE log_wish SET stored_end = 68 * 1048576");
  Store(kFollowedBytesMax + kFollowedBytesOnTheWay, "dropped");
  Store(kFollowedBytesMax * 2, "the end");
  EXPECT_TRUE(Read(true).full);
  ASSERT_TRUE(Apply(WholeLife(attempt_)).ok());
  EXPECT_THAT(Texts(Read(true)), ElementsAre("67108862:over", "67108866:on the way", "134217728:the end"));
}

TEST_F(FollowedLog, OfOneSiteHasALimitPerHour) {
  Renew();
  Store(0, "12345");
  Change("UPDATE log_volume SET bytes = 1073741824 - 3");
  EXPECT_THAT(Wished(), ElementsAre("output@5"));
  EXPECT_TRUE(Store(5, "6789").site_is_full);
  EXPECT_THAT(Wished(), IsEmpty());
  Change("UPDATE log_volume SET hour = hour - interval '1 hour'");
  EXPECT_THAT(Wished(), ElementsAre("output@9"));
}

TEST_F(FollowedLog, IsToldApartByAttempts) {
  Store(0, "first");
  std::vector<SiteReport> reports = {Report(ReportKind::kClaimed, attempt_), Report(ReportKind::kNotStarted, attempt_)};
  reports.back().not_started = NotStartedKind::kBackPressure;
  ASSERT_TRUE(Apply(reports).ok());
  EXPECT_EQ(Read(true).attempt, 1);
  attempt_ = Place(Get(job_.job_id));
  Store(0, "second");
  EXPECT_THAT(Texts(Read(false)), ElementsAre("0:second"));
  EXPECT_EQ(Read(false).attempt, 2);
  const LogPage first = Read(false, {.attempt = 1});
  EXPECT_THAT(Texts(first), ElementsAre("0:first"));
  EXPECT_EQ(first.attempts, 2);
  EXPECT_EQ(Read(false, {.attempt = 3}).attempt_id, std::nullopt);
}

TEST_F(FollowedLog, IsOfItsProjectAlone) {
  Store(0, "secret");
  const ProjectId other = database_.ids().Random<ProjectId>();
  EXPECT_EQ(Read(false, {.project_id = other}).attempt_id, std::nullopt);
  ASSERT_TRUE(logs_.Renew(other, attempt_, false).ok());
  EXPECT_THAT(Wished(), IsEmpty());
}

TEST_F(FollowedLog, OfAnotherSitesAttemptIsRefused) {
  EXPECT_EQ(links_
                .StoreLog(database_.ids().Random<SiteId>(),
                          {{.attempt_id = attempt_, .error_stream = false, .offset = 0, .bytes = "x"}})
                .status()
                .code(),
            StatusCode::kNotFound);
}

TEST_F(FollowedLog, IsLookedAfterWhileItsAttemptIsLive) {
  Renew();
  Store(0, "hello");
  Result<LogNews> news = watch_.Look({site_id_}, {attempt_});
  ASSERT_TRUE(news.ok()) << news.status();
  ASSERT_EQ(news->streams.size(), 1U);
  EXPECT_TRUE(news->streams.front().wanted);
  ASSERT_EQ(news->ends.size(), 1U);
  EXPECT_EQ(news->ends.front().stored_end, 5);
  Change("UPDATE log_wish SET until = now() - interval '2 hours'");
  EXPECT_FALSE(watch_.Look({site_id_}, {})->streams.front().wanted);
  ASSERT_TRUE(placement_.Maintain().ok());
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM log_wish"), 1) << "a reader would go on from there";
  ASSERT_TRUE(Apply(WholeLife(attempt_)).ok());
  EXPECT_THAT(watch_.Look({site_id_}, {})->streams, IsEmpty());
  ASSERT_TRUE(placement_.Maintain().ok());
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM log_wish"), 0);
}

}  // namespace
}  // namespace turnpike
