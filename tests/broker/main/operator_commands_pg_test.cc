// The operators' commands of turnpike-broker, run as a person runs them.

#include <gmock/gmock.h>

#include "tests/broker/main/run_broker.h"
#include "tests/broker/pg/job_life_fixture.h"

namespace turnpike {
namespace {

using ::testing::HasSubstr;

class OperatorCommands : public JobLifeTest {
 protected:
  ChildResult RunBroker(const std::vector<std::string>& arguments) { return turnpike::RunBroker(raw_, arguments); }
};

TEST_F(OperatorCommands, AuditOfSoundBooksEndsWithZero) {
  ASSERT_TRUE(Apply(WholeLife(Place(Submit(Job())))).ok());
  const ChildResult audit = RunBroker({"audit"});
  EXPECT_EQ(audit.exit_code, 0) << audit.error_output;
  EXPECT_THAT(audit.output, HasSubstr("charges stay within their holds: 1 jobs, sound\n"));
}

TEST_F(OperatorCommands, AuditOfUnsoundBooksNamesTheOffenderAndEndsWithOne) {
  const JobView job = Submit(Job());
  database_.AsSuperuser("UPDATE funds_hold SET charged_micros = 5");
  const ChildResult audit = RunBroker({"audit"});
  EXPECT_EQ(audit.exit_code, 1);
  EXPECT_THAT(audit.output, HasSubstr("  " + job.job_id.ToString() + ": 0.000005 charged, 0.00 by transfers\n"));
}

TEST_F(OperatorCommands, AuditThatCannotReadSaysWhy) {
  database_.AsSuperuser("ALTER TABLE transfer RENAME TO gone");
  const ChildResult audit = RunBroker({"audit"});
  EXPECT_EQ(audit.exit_code, 1);
  EXPECT_EQ(audit.output, "");
  EXPECT_THAT(audit.error_output, HasSubstr("transfer"));
}

TEST_F(OperatorCommands, SiteQuarantineShutsASiteOutAndReleaseLetsItIn) {
  database_.AsSuperuser("UPDATE site SET state = 'DRAINING', agent = 3");
  const AgentIdentity agent{.site = site_id_, .agent = 3};
  ASSERT_TRUE(sites_.Admit(agent).ok());
  const ChildResult shut_out = RunBroker({"site", "quarantine", "--site", "alpha", "--reason", "its key was stolen"});
  EXPECT_EQ(shut_out.exit_code, 0) << shut_out.error_output;
  EXPECT_EQ(shut_out.output, "alpha is QUARANTINED\n");
  EXPECT_EQ(sites_.Find("alpha")->state_reason, "its key was stolen");
  EXPECT_EQ(sites_.Admit(agent).status().code(), StatusCode::kPermissionDenied);

  const ChildResult let_in = RunBroker({"site", "release", "--site", "alpha"});
  EXPECT_EQ(let_in.exit_code, 0) << let_in.error_output;
  EXPECT_EQ(let_in.output, "alpha is ACTIVE\n");
  EXPECT_TRUE(sites_.Admit(agent).ok());
}

TEST_F(OperatorCommands, ASiteWithoutAnAgentIsReleasedToItsEnrollment) {
  ASSERT_EQ(RunBroker({"site", "quarantine", "--site", "alpha"}).exit_code, 0);
  EXPECT_EQ(RunBroker({"site", "release", "--site", site_id_.ToString()}).output, "alpha is REGISTERED\n");
}

TEST_F(OperatorCommands, SiteCommandsRefuseWhatTheyCannotDo) {
  const ChildResult unknown = RunBroker({"site", "quarantine", "--site", "omega"});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_THAT(unknown.error_output, HasSubstr("site omega is not registered"));
  const ChildResult not_shut_out = RunBroker({"site", "release", "--site", "alpha"});
  EXPECT_EQ(not_shut_out.exit_code, 1);
  EXPECT_THAT(not_shut_out.error_output, HasSubstr("only from QUARANTINED"));
  EXPECT_EQ(RunBroker({"site", "release"}).exit_code, 2);
  EXPECT_EQ(RunBroker({"site"}).exit_code, 2);
}

}  // namespace
}  // namespace turnpike
