#include "broker/core/waiting_index.h"

#include <gmock/gmock.h>
#include <malloc.h>

#include <algorithm>
#include <map>
#include <random>

#include "tests/broker/core/match_fixture.h"

namespace turnpike {
namespace {

using ::testing::ElementsAre;

JobId Job(uint64_t number) {
  return IdFor<JobId>(number);
}

WaitingIndex::NewJob New(uint64_t number, int64_t version = 1) {
  return {.job_id = Job(number), .version = version, .project_id = IdFor<ProjectId>(1), .submit_time = kNow};
}

std::vector<JobId> Queue(const WaitingIndex& index, ClassIndex class_index = 0) {
  std::vector<JobId> ids;
  for (const WaitingJob& job : index.class_at(class_index).queue) {
    ids.push_back(job.job_id);
  }
  return ids;
}

TEST(WaitingIndex, OrdersByPriorityThenTimeThenId) {
  WaitingIndex index;
  WaitingIndex::NewJob late = New(1);
  late.submit_time = kNow + std::chrono::seconds(1);
  WaitingIndex::NewJob urgent = New(4);
  urgent.priority = 5;
  urgent.submit_time = kNow + std::chrono::hours(1);
  WaitingIndex::NewJob low = New(0);
  low.priority = -5;
  for (const WaitingIndex::NewJob& job : {late, low, New(3), New(2), urgent}) {
    EXPECT_TRUE(index.Add(job, OneCore()));
  }
  EXPECT_THAT(Queue(index), ElementsAre(Job(4), Job(2), Job(3), Job(1), Job(0)));
}

TEST(WaitingIndex, EqualRequestsAreOneClassWhateverTheirPriority) {
  WaitingIndex index;
  JobRequest request = OneCore();
  index.Add(New(1), request);
  request.priority = 7;
  index.Add(New(2), request);
  request.sites = {"b", "a"};
  index.Add(New(3), request);
  request.sites = {"a", "b"};
  index.Add(New(4), request);
  EXPECT_EQ(index.Find(Job(1))->class_index, index.Find(Job(2))->class_index);
  EXPECT_EQ(index.Find(Job(3))->class_index, index.Find(Job(4))->class_index);
  EXPECT_NE(index.Find(Job(1))->class_index, index.Find(Job(3))->class_index);
  EXPECT_EQ(index.FindClass(request), index.Find(Job(3))->class_index);
  EXPECT_EQ(index.class_count(), 2U);
}

TEST(WaitingIndex, AClassGoesWithItsLastJobAndLeavesItsPlaceToAnother) {
  WaitingIndex index;
  for (uint64_t i = 0; i < 1'000; ++i) {
    JobRequest request = OneCore();
    request.budget_micros = static_cast<int64_t>(i);
    ASSERT_TRUE(index.Add(New(i), request));
    EXPECT_EQ(index.class_at(index.Find(Job(i))->class_index).request, request);
    ASSERT_TRUE(index.Remove(Job(i)));
    EXPECT_EQ(index.FindClass(request), std::nullopt);
  }
  EXPECT_EQ(index.class_count(), 1U);
}

TEST(WaitingIndex, AClassStaysWhileAJobOfItIsHeldBack) {
  WaitingIndex index;
  index.Add(New(1), OneCore());
  index.Add(New(2), OneCore());
  index.Delay(Job(1), kNow);
  index.Remove(Job(2));
  ASSERT_TRUE(index.FindClass(OneCore()));
  JobRequest other = OneCore();
  other.nodes = 2;
  index.Add(New(3), other);
  index.Wake(kNow);
  EXPECT_THAT(Queue(index, *index.FindClass(OneCore())), ElementsAre(Job(1)));
  EXPECT_THAT(Queue(index, *index.FindClass(other)), ElementsAre(Job(3)));
}

TEST(WaitingIndex, AJobThatAsksForSomethingElseLeavesItsClass) {
  WaitingIndex index;
  index.Add(New(1, 1), OneCore());
  JobRequest avoiding = OneCore();
  avoiding.avoided_shares = {"alpha/main"};
  EXPECT_FALSE(index.Add(New(1, 1), avoiding));
  EXPECT_EQ(index.FindClass(avoiding), std::nullopt);
  EXPECT_TRUE(index.Add(New(1, 2), avoiding));
  EXPECT_EQ(index.FindClass(OneCore()), std::nullopt);
  EXPECT_THAT(Queue(index, *index.FindClass(avoiding)), ElementsAre(Job(1)));
  EXPECT_EQ(index.class_count(), 1U);
}

TEST(WaitingIndex, OldNewsOfAJobChangesNothing) {
  WaitingIndex index;
  EXPECT_TRUE(index.Add(New(1, 5), OneCore()));
  EXPECT_FALSE(index.Add(New(1, 5), OneCore()));
  EXPECT_FALSE(index.Add(New(1, 4), OneCore()));
  WaitingIndex::NewJob newer = New(1, 6);
  newer.priority = 3;
  EXPECT_TRUE(index.Add(newer, OneCore()));
  EXPECT_EQ(index.size(), 1U);
  EXPECT_EQ(index.Find(Job(1))->priority, 3);
  EXPECT_FALSE(index.UpdateVersion(Job(1), 6));
  EXPECT_TRUE(index.UpdateVersion(Job(1), 7));
  EXPECT_EQ(index.Find(Job(1))->version, 7);
}

TEST(WaitingIndex, RemovedJobIsGoneEverywhere) {
  WaitingIndex index;
  index.Add(New(1), OneCore());
  index.Add(New(2), OneCore());
  EXPECT_TRUE(index.Delay(Job(2), kNow));
  EXPECT_TRUE(index.Remove(Job(1)));
  EXPECT_TRUE(index.Remove(Job(2)));
  EXPECT_FALSE(index.Remove(Job(2)));
  EXPECT_EQ(index.size(), 0U);
  EXPECT_TRUE(Queue(index).empty());
  EXPECT_EQ(index.NextWake(), std::nullopt);
  EXPECT_FALSE(index.UpdateVersion(Job(1), 9));
  EXPECT_FALSE(index.Delay(Job(1), kNow));
}

TEST(WaitingIndex, DelayedJobsJoinWhenTheirTimeComes) {
  WaitingIndex index;
  WaitingIndex::NewJob later = New(1);
  later.not_before = kNow + std::chrono::seconds(10);
  index.Add(later, OneCore());
  index.Add(New(2), OneCore());
  index.Add(New(3), OneCore());
  EXPECT_TRUE(index.Delay(Job(3), kNow + std::chrono::seconds(5)));
  EXPECT_THAT(Queue(index), ElementsAre(Job(2)));
  EXPECT_EQ(index.NextWake(), kNow + std::chrono::seconds(5));
  EXPECT_EQ(index.Wake(kNow + std::chrono::seconds(4)), 0U);
  EXPECT_EQ(index.Wake(kNow + std::chrono::seconds(5)), 1U);
  EXPECT_THAT(Queue(index), ElementsAre(Job(2), Job(3)));
  EXPECT_EQ(index.Wake(kNow + std::chrono::seconds(60)), 1U);
  EXPECT_THAT(Queue(index), ElementsAre(Job(1), Job(2), Job(3)));
  EXPECT_EQ(index.size(), 3U);
}

TEST(WaitingIndex, ProjectsAreFoundByTheirId) {
  WaitingIndex index;
  WaitingIndex::NewJob job = New(1);
  job.project_id = IdFor<ProjectId>(9);
  index.Add(job, OneCore());
  const std::optional<ProjectIndex> project = index.FindProject(IdFor<ProjectId>(9));
  ASSERT_TRUE(project);
  EXPECT_EQ(index.project_at(*project), IdFor<ProjectId>(9));
  EXPECT_EQ(index.Find(Job(1))->project, *project);
  EXPECT_EQ(index.FindProject(IdFor<ProjectId>(8)), std::nullopt);
}

TEST(WaitingIndex, AnyOrderOfChangesGivesTheSameQueue) {
  std::mt19937_64 random(20261122);
  WaitingIndex index;
  std::map<uint64_t, int32_t> expected;
  for (int64_t step = 1; step < 5'000; ++step) {
    const uint64_t number = random() % 200;
    if (random() % 3 == 0) {
      EXPECT_EQ(index.Remove(Job(number)), expected.erase(number) == 1);
    } else {
      WaitingIndex::NewJob job = New(number, step);
      job.priority = static_cast<int32_t>(random() % 5);
      job.not_before = random() % 4 == 0 ? kNow : Timestamp{};
      EXPECT_TRUE(index.Add(job, OneCore()));
      expected[number] = job.priority;
    }
  }
  index.Wake(kNow);
  std::vector<std::pair<int32_t, uint64_t>> order;
  for (const auto& [number, priority] : expected) {
    order.emplace_back(-priority, number);
  }
  std::ranges::sort(order);
  const std::vector<JobId> queue = Queue(index);
  ASSERT_EQ(queue.size(), order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    EXPECT_EQ(queue[i], Job(order[i].second));
  }
}

TEST(WaitingIndex, TellsWhichJobsChangedSinceItForgot) {
  WaitingIndex index;
  index.Add(New(1), OneCore());
  EXPECT_EQ(index.changes(), nullptr);  // Nobody asked yet.
  index.Add(New(2), OneCore());
  index.Add(New(3), OneCore());
  index.ForgetChanges();
  EXPECT_TRUE(index.changes()->empty());
  index.Remove(Job(1));
  index.UpdateVersion(Job(2), 9);
  index.Add(New(4), OneCore());
  EXPECT_EQ(index.changes()->size(), 3U);
  EXPECT_TRUE(index.changes()->contains(Job(1)) && index.changes()->contains(Job(2)) &&
              index.changes()->contains(Job(4)));
  index.ForgetChanges();
  index.Delay(Job(3), kNow);
  index.Wake(kNow);
  EXPECT_EQ(index.changes()->size(), 1U);
}

// Where nobody asks for long, as in a replica that does not place.
TEST(WaitingIndex, RemembersNoMoreChangesThanItHasJobs) {
  WaitingIndex index;
  index.ForgetChanges();
  for (uint64_t i = 0; i < 10'001; ++i) {
    index.Add(New(i), OneCore());
    index.Remove(Job(i));
  }
  EXPECT_EQ(index.changes(), nullptr);
}

TEST(WaitingIndex, JobTakesAtMostTwoHundredAndFiftyBytes) {
  constexpr size_t kJobs = 100'000;
  const size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  WaitingIndex index;
  for (uint64_t i = 0; i < kJobs; ++i) {
    index.Add(New(i), OneCore());
  }
  const size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
  EXPECT_LE((after - before) / kJobs, 250U);
}

}  // namespace
}  // namespace turnpike
