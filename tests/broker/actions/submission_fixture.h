#pragma once
// What the actions of submission and quotes stand on, in memory: a federation of one site whose prices change, a queue
// that remembers, and a key.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/actions/quote_job.h"
#include "tests/broker/core/match_fixture.h"

namespace turnpike {

// Stands still unless a test moves it.
class StillClock final : public Clock {
 public:
  Timestamp Now() const override { return now; }
  MonotonicTime Monotonic() const override { return {}; }
  Timestamp now = kNow;
};

class CountingRandom final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> bytes) override {
    for (uint8_t& byte : bytes) {
      byte = next_++;
    }
  }

 private:
  uint8_t next_ = 1;
};

class SecretsInMemory final : public SecretStore {
 public:
  Result<std::string> FindOrKeep(std::string_view name, const std::string& fresh) override {
    ++asked;
    return secrets_.emplace(std::string(name), fresh).first->second;
  }
  int asked = 0;

 private:
  std::map<std::string, std::string> secrets_;
};

class QueueInMemory final : public SubmissionQueue {
 public:
  void Enqueue(SubmitCall call, Done done) override {
    SubmitVerdict verdict;
    for (const NewJob& job : call.jobs) {
      JobView view;
      view.job_id = job.job_id;
      verdict.results.emplace_back(view);
    }
    calls.push_back(std::move(call));
    done(std::move(verdict));
  }
  std::vector<SubmitCall> calls;
};

// alpha/main at the prices of each list: 0.02 a core-hour in list 1, 0.05 in list 2.
class BasisInMemory final : public QuoteBasisSource {
 public:
  BasisInMemory() {
    basis_.federation = fixture.federation;
    for (const auto& [id, micros] : std::map<int64_t, int64_t>{{1, 20'000}, {2, 50'000}}) {
      basis_.price_lists.push_back({.id = id, .rates = {RateSet{.unit = "EUR", .core_hour_micros = micros}}});
    }
    basis_.price_list_newest = 1;
  }
  std::shared_ptr<const QuoteBasis> Basis() const override { return std::make_shared<QuoteBasis>(basis_); }
  Result<std::shared_ptr<const QuoteBasis>> BasisWith(int64_t price_list) override {
    return RatesIn(basis_.price_lists, price_list, 0) == nullptr
               ? Result<std::shared_ptr<const QuoteBasis>>(FailedPrecondition("no such list"))
               : Basis();
  }
  void RaisePrices() { basis_.price_list_newest = 2; }
  QuoteBasis& basis() { return basis_; }

  MatchFixture fixture{{ShareNamed("alpha", "main")}};

 private:
  QuoteBasis basis_;
};

class SubmissionFixture : public testing::Test {
 protected:
  static JobDraft Draft() {
    JobDraft job;
    job.name = "fit";
    job.request = OneCore();
    job.spec = "spec";
    job.script = "#!/bin/sh\n";
    return job;
  }
  SubmissionDraft Submission(JobDraft job, const std::string& quote = "") const {
    SubmissionDraft draft;
    draft.key.project_id = project_;
    draft.project_unit = "EUR";
    draft.jobs.push_back(std::move(job));
    draft.quote = quote;
    return draft;
  }
  // The stored job's hold, or why there is none.
  Result<int64_t> Submit(const SubmissionDraft& draft) {
    Result<SubmissionAnswer> answer = Internal("not answered");
    submit_.Run(draft, [&](Result<SubmissionAnswer> given) { answer = std::move(given); });
    RETURN_IF_ERROR(answer.status());
    RETURN_IF_ERROR(answer->results.front().status());
    return queue_.calls.back().jobs.front().reserve_micros;
  }

  const ProjectId project_ = IdFor<ProjectId>(1);
  StillClock clock_;
  CountingRandom random_;
  IdSource ids_{clock_, random_};
  SecretsInMemory secrets_;
  QueueInMemory queue_;
  BasisInMemory basis_;
  QuoteSeal seal_{secrets_, random_};
  SubmitJobs submit_{{.queue = queue_, .basis = basis_, .seal = seal_, .ids = ids_, .clock = clock_}};
};

}  // namespace turnpike
