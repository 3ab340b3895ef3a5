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

WaitingIndex::NewJob New(WaitingIndex& index, uint64_t number, int64_t version = 1) {
  return {.job_id = Job(number),
          .version = version,
          .class_index = index.ClassOf(OneCore()),
          .project_id = IdFor<ProjectId>(1),
          .submit_time = kNow};
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
  WaitingIndex::NewJob late = New(index, 1);
  late.submit_time = kNow + std::chrono::seconds(1);
  WaitingIndex::NewJob urgent = New(index, 4);
  urgent.priority = 5;
  urgent.submit_time = kNow + std::chrono::hours(1);
  WaitingIndex::NewJob low = New(index, 0);
  low.priority = -5;
  for (const WaitingIndex::NewJob& job : {late, low, New(index, 3), New(index, 2), urgent}) {
    EXPECT_TRUE(index.Add(job));
  }
  EXPECT_THAT(Queue(index), ElementsAre(Job(4), Job(2), Job(3), Job(1), Job(0)));
}

TEST(WaitingIndex, EqualRequestsAreOneClassWhateverTheirPriority) {
  WaitingIndex index;
  JobRequest request = OneCore();
  const ClassIndex first = index.ClassOf(request);
  request.priority = 7;
  EXPECT_EQ(index.ClassOf(request), first);
  request.sites = {"b", "a"};
  const ClassIndex other = index.ClassOf(request);
  EXPECT_NE(other, first);
  request.sites = {"a", "b"};
  EXPECT_EQ(index.ClassOf(request), other);
  EXPECT_EQ(index.class_count(), 2U);
}

TEST(WaitingIndex, OldNewsOfAJobChangesNothing) {
  WaitingIndex index;
  EXPECT_TRUE(index.Add(New(index, 1, 5)));
  EXPECT_FALSE(index.Add(New(index, 1, 5)));
  EXPECT_FALSE(index.Add(New(index, 1, 4)));
  WaitingIndex::NewJob newer = New(index, 1, 6);
  newer.priority = 3;
  EXPECT_TRUE(index.Add(newer));
  EXPECT_EQ(index.size(), 1U);
  EXPECT_EQ(index.Find(Job(1))->priority, 3);
  EXPECT_FALSE(index.UpdateVersion(Job(1), 6));
  EXPECT_TRUE(index.UpdateVersion(Job(1), 7));
  EXPECT_EQ(index.Find(Job(1))->version, 7);
}

TEST(WaitingIndex, RemovedJobIsGoneEverywhere) {
  WaitingIndex index;
  index.Add(New(index, 1));
  index.Add(New(index, 2));
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
  WaitingIndex::NewJob later = New(index, 1);
  later.not_before = kNow + std::chrono::seconds(10);
  index.Add(later);
  index.Add(New(index, 2));
  index.Add(New(index, 3));
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
  WaitingIndex::NewJob job = New(index, 1);
  job.project_id = IdFor<ProjectId>(9);
  index.Add(job);
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
      WaitingIndex::NewJob job = New(index, number, step);
      job.priority = static_cast<int32_t>(random() % 5);
      job.not_before = random() % 4 == 0 ? kNow : Timestamp{};
      EXPECT_TRUE(index.Add(job));
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

TEST(WaitingIndex, JobTakesAtMostTwoHundredAndFiftyBytes) {
  constexpr size_t kJobs = 100'000;
  const size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  WaitingIndex index;
  for (uint64_t i = 0; i < kJobs; ++i) {
    index.Add(New(index, i));
  }
  const size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
  EXPECT_LE((after - before) / kJobs, 250U);
}

}  // namespace
}  // namespace turnpike
