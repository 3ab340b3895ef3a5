#include "adapters/slurm/job_view.h"

#include <gmock/gmock.h>

#include <map>
#include <random>

#include "tests/adapters/slurm/testdata.h"

namespace turnpike::slurm {
namespace {

using enum LocalState;
using ::testing::ElementsAre;

std::string TagOfLetter(char letter) {
  return "b" + std::string(25, letter) + "a";
}

SlurmSettings Settings() {
  SlurmSettings settings;
  settings.own_user = "root";
  settings.own_uid = 0;
  settings.accelerators = {{"gpu:fake", "fake"}};
  return settings;
}

std::map<std::string, LocalJobView> QueueViews() {
  const auto jobs = ParseQueue(ReadSample("adapter-squeue.out"), kSampleSeparator);
  EXPECT_TRUE(jobs.ok()) << jobs.status();
  EXPECT_EQ(jobs->size(), 10U);
  std::map<std::string, LocalJobView> views;
  for (const QueueJob& job : *jobs) {
    if (const auto view = ViewOfQueueJob(job, "dv4", Settings())) views[view->tag] = *view;
  }
  return views;
}

std::map<std::string, LocalJobView> AccountingViews() {
  auto jobs = ParseAccounting(ReadSample("adapter-sacct.out"), kSampleSeparator);
  EXPECT_TRUE(jobs.ok()) << jobs.status();
  std::map<std::string, LocalJobView> views;
  for (const FoldedJob& job : FoldRuns(*std::move(jobs))) {
    if (const auto view = ViewOfAccountingJob(job, Settings())) views[view->tag] = *view;
  }
  return views;
}

TEST(JobView, ShowsOurJobsOfTheQueueAndNobodyElses) {
  const auto views = QueueViews();
  ASSERT_EQ(views.size(), 9U);
  EXPECT_FALSE(views.contains(TagOfLetter('k')));  // forged in the lines of a stranger's name
  struct Case {
    char letter;
    LocalState state;
    EndCause cause;
    std::optional<int> exit_code;
    int exit_signal;
  };
  const Case cases[] = {
      {'a', kEnded, EndCause::kProgramEnded, 0, 0},
      {'c', kEnded, EndCause::kProgramEnded, 3, 0},
      {'d', kEnded, EndCause::kProgramEnded, std::nullopt, 11},
      {'e', kRunning, EndCause::kNone, std::nullopt, 0},
      {'f', kPending, EndCause::kNone, std::nullopt, 0},
      {'g', kEnded, EndCause::kCancelledBySite, std::nullopt, 0},  // squeue does not say by whom
      {'h', kEnded, EndCause::kCancelledBySite, std::nullopt, 0},
      {'i', kEnded, EndCause::kRefused, std::nullopt, 0},
      {'j', kRunning, EndCause::kNone, std::nullopt, 0},  // known by its comment
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.letter);
    const LocalJobView& view = views.at(TagOfLetter(test.letter));
    EXPECT_EQ(static_cast<int>(view.state), static_cast<int>(test.state));
    EXPECT_EQ(EndCauseName(view.cause), EndCauseName(test.cause));
    EXPECT_EQ(view.exit_code, test.exit_code);
    EXPECT_EQ(view.exit_signal, test.exit_signal);
    EXPECT_EQ(view.cluster, "dv4");
    EXPECT_EQ(view.local_user, "root");
    EXPECT_EQ(view.comment, view.tag + ":0011223344556677");
    EXPECT_EQ(view.end_time.has_value(), test.state == kEnded);
  }
}

TEST(JobView, TellsWhatAJobHolds) {
  const auto queue = QueueViews();
  const auto accounting = AccountingViews();
  const ResourceAmounts two_nodes{.nodes = 2, .cores = 4, .accelerators = 2, .memory_mib = 256};
  EXPECT_EQ(queue.at(TagOfLetter('e')).allocated, two_nodes);
  EXPECT_EQ(accounting.at(TagOfLetter('e')).allocated, two_nodes);
  EXPECT_EQ(accounting.at(TagOfLetter('e')).elapsed, std::chrono::seconds(5));
  EXPECT_EQ(queue.at(TagOfLetter('c')).allocated, (ResourceAmounts{1, 1, 2, 1536}));
  EXPECT_EQ(accounting.at(TagOfLetter('c')).allocated, (ResourceAmounts{1, 1, 2, 1536}));
  EXPECT_EQ(accounting.at(TagOfLetter('h')).elapsed, std::chrono::seconds(3));
}

TEST(JobView, GivesNothingToJobsThatNeverStarted) {
  for (const auto& views : {QueueViews(), AccountingViews()}) {
    const LocalJobView& view = views.at(TagOfLetter('g'));
    EXPECT_EQ(view.allocated, std::nullopt);
    EXPECT_EQ(view.elapsed, std::nullopt);
    EXPECT_EQ(view.start_time, std::nullopt);
  }
}

TEST(JobView, AccountingAgreesWithTheQueueAndKnowsWhoCancelled) {
  const auto queue = QueueViews();
  const auto accounting = AccountingViews();
  ASSERT_EQ(accounting.size(), 6U);
  for (const auto& [tag, view] : accounting) {
    SCOPED_TRACE(tag);
    const LocalJobView& other = queue.at(tag);
    EXPECT_EQ(view.cluster, other.cluster);
    EXPECT_EQ(view.local_job_id, other.local_job_id);
    EXPECT_EQ(view.submit_time, other.submit_time);
    EXPECT_EQ(static_cast<int>(view.state), static_cast<int>(other.state));
    EXPECT_EQ(view.exit_code, other.exit_code);
    EXPECT_EQ(view.exit_signal, other.exit_signal);
  }
  EXPECT_EQ(accounting.at(TagOfLetter('h')).cause, EndCause::kCancelledByUser);
}

TEST(JobView, CountsAcceleratorsFromTheRequestWhereTheSumLacksThem) {
  QueueJob job;
  job.id = "5";
  job.name = TagOfLetter('a');
  job.state = "RUNNING";
  job.had_nodes = true;
  job.nodes = 3;
  job.cpus = 6;
  job.gres_per_node = {{"gpu:fake", 2}};
  EXPECT_EQ(ViewOfQueueJob(job, "x", Settings())->allocated, (ResourceAmounts{3, 6, 6, 0}));
}

AccountingJob RunOf(const std::string& state, int64_t submitted) {
  AccountingJob job;
  job.id = "7";
  job.cluster = "x";
  job.name = TagOfLetter('a');
  job.state = state;
  job.submit_time = TimestampFromSeconds(submitted);
  return job;
}

TEST(JobView, FoldsTheRunsOfARequeuedJob) {
  const auto folded = FoldRuns({RunOf("REQUEUED", 100), RunOf("COMPLETED", 200)});
  ASSERT_EQ(folded.size(), 1U);
  EXPECT_EQ(folded[0].restarts, 1);
  EXPECT_EQ(folded[0].job.state, "COMPLETED");
  EXPECT_EQ(folded[0].job.submit_time, TimestampFromSeconds(100));
}

TEST(JobView, KeepsALostJobApartFromTheOneThatGotItsId) {
  const auto folded = FoldRuns({RunOf("RUNNING", 200), RunOf("PENDING", 100)});
  ASSERT_EQ(folded.size(), 2U);
  EXPECT_EQ(folded[0].job.submit_time, TimestampFromSeconds(100));
  EXPECT_EQ(folded[1].job.submit_time, TimestampFromSeconds(200));
  AccountingJob stranger = RunOf("COMPLETED", 300);
  stranger.name = "theirs";
  EXPECT_EQ(FoldRuns({RunOf("REQUEUED", 100), stranger}).size(), 2U);
}

TEST(JobView, FoldsEachJobsRunsAmongThoseOfOthers) {
  const auto run = [](char letter, const std::string& state, int64_t submitted) {
    AccountingJob job = RunOf(state, submitted);
    job.name = TagOfLetter(letter);
    return job;
  };
  AccountingJob elsewhere = run('a', "COMPLETED", 150);
  elsewhere.cluster = "y";
  AccountingJob nameless = RunOf("REQUEUED", 160);
  nameless.name = "theirs";
  std::vector<std::string> told;
  for (const FoldedJob& job :
       FoldRuns({run('c', "NODE_FAIL", 110), run('a', "REQUEUED", 100), run('a', "PREEMPTED", 200), elsewhere,
                 run('c', "COMPLETED", 210), run('a', "COMPLETED", 300), run('a', "PENDING", 400), nameless,
                 run('c', "RUNNING", 410), nameless})) {
    told.push_back(fmt::format("{} {} {} {}", MicrosOf(job.job.submit_time) / 1'000'000,
                               job.job.name == TagOfLetter('a')   ? "a"
                               : job.job.name == TagOfLetter('c') ? "c"
                                                                  : job.job.name,
                               job.job.state, job.restarts));
  }
  // What has ended is closed: a later row under its name is another job.
  EXPECT_THAT(told, ElementsAre("100 a COMPLETED 2", "110 c COMPLETED 1", "150 a COMPLETED 0", "160 theirs REQUEUED 0",
                                "160 theirs REQUEUED 0", "400 a PENDING 0", "410 c RUNNING 0"));
}

TEST(JobView, KnowsAJobByAllOfItsIdentity) {
  const LocalJobIdentity identity{"x", "7", TimestampFromSeconds(100), TagOfLetter('a')};
  LocalJobView view;
  view.cluster = "x";
  view.local_job_id = "7";
  view.submit_time = TimestampFromSeconds(100);
  view.tag = TagOfLetter('a');
  EXPECT_TRUE(IsNamed(view, identity));
  LocalJobView other = view;
  other.tag = TagOfLetter('c');
  EXPECT_FALSE(IsNamed(other, identity));
  other = view;
  other.cluster = "y";
  EXPECT_FALSE(IsNamed(other, identity));
  other = view;
  other.submit_time = TimestampFromSeconds(101);
  EXPECT_FALSE(IsNamed(other, identity));
  other.restarts = 1;
  EXPECT_TRUE(IsNamed(other, identity));
}

TEST(QueueParser, RefusesFieldsThatAreNotOfTheirForm) {
  const std::string good = ReadSample("adapter-squeue.out");
  const std::pair<const char*, const char*> spoilt[] = {{"@1795308667@", "@yesterday@"},
                                                        {"@0:03@", "@3 s@"},
                                                        {"@768@", "@3:0@"},
                                                        {"@2@", "@two@"},
                                                        {"@cpu=1,", "@cpu=one,"},
                                                        {"@1:30:00@", "@90@"},
                                                        {"\n7@", "\nseven@"},
                                                        {"JOBID@", "JOB@"},
                                                        {"@EXIT_CODE@", "@EXIT@"},
                                                        {"@gres:gpu:fake:2@", "@gres:gpu:(2@"}};
  for (const auto& [from, to] : spoilt) {
    std::string text = good;
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, std::string(from).size(), to);
    EXPECT_EQ(ParseQueue(text, kSampleSeparator).status().code(), StatusCode::kDataLoss) << to;
  }
}

TEST(AccountingParser, RefusesFieldsThatAreNotOfTheirForm) {
  const std::string good = ReadSample("adapter-sacct.out");
  const std::pair<const char*, const char*> spoilt[] = {
      {"@3:0@", "@3@"},          {"@1795308671@", "@now@"}, {"@5@", "@-5@"},      {"mem=64M", "mem=64Mi"},
      {"ElapsedRaw", "Elapsed"}, {"\n1@", "\n@"},           {"@COMPLETED@", "@@"}};
  for (const auto& [from, to] : spoilt) {
    std::string text = good;
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, std::string(from).size(), to);
    EXPECT_EQ(ParseAccounting(text, kSampleSeparator).status().code(), StatusCode::kDataLoss) << to;
  }
}

// Bytes changed, taken out or doubled anywhere: the answer is read or refused, and never is a job of ours made of
// nothing.
TEST(Parsers, SurviveDamage) {
  constexpr unsigned kSeed = 20261122;
  std::mt19937 random(kSeed);
  RecordProperty("seed", static_cast<int>(kSeed));
  const std::string queue = ReadSample("adapter-squeue.out");
  const std::string accounting = ReadSample("adapter-sacct.out");
  const auto known = QueueViews();
  // A damaged tag is another tag, whose comment does not fit it.
  const auto expect_known = [&known](const std::optional<LocalJobView>& view) {
    if (view && view->comment.starts_with(view->tag + ":")) {
      EXPECT_TRUE(known.contains(view->tag)) << view->tag;
    }
  };
  int read = 0;
  int refused = 0;
  for (int round = 0; round < 3'000; ++round) {
    const bool from_queue = round % 2 == 0;
    std::string text = from_queue ? queue : accounting;
    const size_t at = random() % text.size();
    const size_t size = random() % 40;
    const std::string piece = text.substr(at, size);
    if (round % 3 == 0) {
      text[at] = static_cast<char>(random());
    } else {
      text.replace(at, size, round % 3 == 1 ? "" : piece + piece);
    }
    if (from_queue) {
      const auto jobs = ParseQueue(text, kSampleSeparator);
      ++(jobs.ok() ? read : refused);
      if (!jobs.ok()) {
        EXPECT_EQ(jobs.status().code(), StatusCode::kDataLoss);
        continue;
      }
      EXPECT_LE(jobs->size(), 11U);
      for (const QueueJob& job : *jobs) expect_known(ViewOfQueueJob(job, "dv4", Settings()));
    } else {
      auto jobs = ParseAccounting(text, kSampleSeparator);
      ++(jobs.ok() ? read : refused);
      if (!jobs.ok()) {
        EXPECT_EQ(jobs.status().code(), StatusCode::kDataLoss);
        continue;
      }
      for (const FoldedJob& job : FoldRuns(*std::move(jobs))) expect_known(ViewOfAccountingJob(job, Settings()));
    }
  }
  EXPECT_GT(read, 100) << "this damage shows nothing";
  EXPECT_GT(refused, 100) << "this damage shows nothing";
}

TEST(AccountingParser, LeavesStepsOut) {
  std::string text = ReadSample("adapter-sacct.out");
  const size_t before = ParseAccounting(text, kSampleSeparator)->size();
  const std::string separator = kSampleSeparator;
  text += "1.batch" + separator + "dv4";
  for (int i = 0; i < 12; ++i) text += separator;
  text += separator + "\n";
  EXPECT_EQ(ParseAccounting(text, kSampleSeparator)->size(), before);
}

}  // namespace
}  // namespace turnpike::slurm
