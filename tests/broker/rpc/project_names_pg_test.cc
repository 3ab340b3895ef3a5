// A caller's own project, by its name or its id; and no other one.
#include <gmock/gmock.h>

#include "tests/broker/rpc/sample_spec.h"
#include "tests/broker/rpc/user_services.h"

namespace turnpike {
namespace {

TEST_F(UserServices, AProjectIsNamedByItsNameOrItsId) {
  v1::SubmitJobRequest request = Submission(SampleSpec());
  request.set_project_id("astro");
  const auto submitted = Call<v1::SubmitJobResponse>(kAda, "JobService/SubmitJob", request);
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  const std::string id = submitted->job().project_id();
  EXPECT_NE(id, "astro");
  for (const std::string& name : {std::string(), std::string("astro"), id}) {
    v1::ListJobsRequest list;
    list.set_project_id(name);
    const auto jobs = Call<v1::ListJobsResponse>(kAda, "JobService/ListJobs", list);
    ASSERT_TRUE(jobs.ok()) << name << jobs.status();
    EXPECT_EQ(jobs->jobs_size(), 1) << name;
  }
}

TEST_F(UserServices, AnotherProjectsNameIsAsUnknownAsOneThatIsNotThere) {
  for (const char* name : {"bio", "no-such-project", "00000000-0000-4000-8000-000000000001"}) {
    v1::ListJobsRequest list;
    list.set_project_id(name);
    const Status listed = Call<v1::ListJobsResponse>(kAda, "JobService/ListJobs", list).status();
    EXPECT_EQ(listed.code(), StatusCode::kNotFound) << name << listed;
    EXPECT_EQ(DetailsOf(listed).reason, ErrorReason::kNotFound) << name;
    v1::SubmitJobRequest request = Submission(SampleSpec());
    request.set_project_id(name);
    const Status submitted = Call<v1::SubmitJobResponse>(kAda, "JobService/SubmitJob", request).status();
    EXPECT_EQ(submitted.code(), StatusCode::kNotFound) << name << submitted;
  }
  EXPECT_EQ(Count("job"), 0);
}

}  // namespace
}  // namespace turnpike
