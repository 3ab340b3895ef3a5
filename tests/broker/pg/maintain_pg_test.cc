// What the placing broker does to the tables twice a day: old keys go, and the coming months get their partitions.

#include "tests/broker/pg/job_life_fixture.h"

namespace turnpike {
namespace {

class Maintain : public JobLifeTest {
 protected:
  SubmitCall CallUnder(const char* request_id) {
    SubmitCall call = Call({Job(1'000)});
    call.key.request_id = *RequestId::Parse(request_id);
    return call;
  }
};

TEST_F(Maintain, DropsKeysByTheTimeInThemAndKeepsThoseThatTellNone) {
  // By its bytes, of 1970; by chance a random one is of any time.
  SubmitCall random = CallUnder("00000000-0000-4000-8000-000000000001");
  ASSERT_TRUE(jobs_.Submit({random}).ok());
  const SubmitCall recent = Call({Job(1'000)});
  ASSERT_TRUE(jobs_.Submit({recent}).ok());
  database_.AsSuperuser(
      "INSERT INTO request_key (project_id, method, key, request_hash) "
      "SELECT project_id, 'old', '00000000-0000-7000-8000-000000000001', request_hash FROM request_key LIMIT 1");
  ASSERT_TRUE(placement_.Maintain().ok());
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM request_key WHERE method = 'old'"), 0);
  for (const SubmitCall* call : {&random, &recent}) {
    const Result<std::vector<SubmitVerdict>> again = jobs_.Submit({*call});
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_TRUE(again->front().repeated);
  }
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM job"), 2);
}

}  // namespace
}  // namespace turnpike
