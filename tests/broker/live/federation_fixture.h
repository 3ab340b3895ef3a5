#pragma once
// One active site with one share, and the index that a broker keeps of it, against a real PostgreSQL.

#include <functional>

#include "broker/core/capacity_codec.h"
#include "broker/live/index_follower.h"
#include "tests/broker/pg/job_life_fixture.h"

namespace turnpike {

class FederationTest : public JobLifeTest {
 protected:
  void SetUp() override {
    JobLifeTest::SetUp();
    database_.AsSuperuser("UPDATE site SET state = 'ACTIVE'");
    StoreCapacity(9);
  }

  // Nodes of 64 cores, all of them idle.
  void StoreCapacity(int64_t nodes) {
    ShareStatus share;
    share.info.name = "main";
    share.info.node.cores = 64;
    share.info.node.memory_mib = 1'000;
    share.info.limits.time_limit_default = std::chrono::hours(1);
    share.info.guarded = true;
    share.load.pool.nodes_total = share.load.pool.nodes_idle = nodes;
    share.load.pool.cores_total = share.load.pool.cores_idle = nodes * 64;
    ASSERT_TRUE(links_.StoreCapacity(site_id_, epoch_, ++capacity_, EncodeCapacity({share})).ok());
  }

  // By today's prices, for ten minutes on one core; `change` makes it another job.
  NewJob JobWith(const std::function<void(JobRequest&)>& change) {
    NewJob job = Job(1'000);
    JobRequest request = *DecodeJobRequest(job.class_request);
    request.price_list = sites_.LatestPriceList()->id;
    request.time_limit = std::chrono::seconds(600);
    request.budget_micros.reset();
    change(request);
    job.class_request = EncodeJobRequest(request);
    job.class_id = ClassIdOf(job.class_request);
    return job;
  }
  void SubmitMany(int count, NewJob job) {
    std::vector<NewJob> jobs;
    for (int i = 0; i < count; ++i) {
      job.job_id = database_.ids().TimeOrdered<JobId>();
      jobs.push_back(job);
    }
    const Result<std::vector<SubmitVerdict>> verdicts = jobs_.Submit({Call(std::move(jobs))});
    ASSERT_TRUE(verdicts.ok()) << verdicts.status();
    ASSERT_TRUE(verdicts->front().results.back().ok()) << verdicts->front().results.back().status();
  }
  // No share can run it any more: its deadline has passed.
  NewJob HopelessJobOf() {
    return JobWith([&](JobRequest& request) { request.deadline = database_.Now(); });
  }

  IndexFollower index_{
      {.placement = placement_, .sites = sites_, .ids = database_.ids(), .clock = clock_, .policy = {}}};
  int64_t capacity_ = 0;
};

}  // namespace turnpike
