#include "billing/actions/create_project.h"

#include <gtest/gtest.h>

#include "base/error_reason.h"
#include "base/system_clock.h"
#include "tests/billing/actions/recording_ledger.h"

namespace turnpike {
namespace {

class CreateProjectTest : public testing::Test {
 protected:
  // The fields that were refused.
  std::vector<std::string> Refused(const std::string& name, const std::string& unit) {
    const Result<ProjectView> made = action_.Run({.key = {}, .name = name, .unit = unit});
    EXPECT_EQ(made.status().code(), StatusCode::kInvalidArgument) << name << unit;
    std::vector<std::string> fields;
    for (const FieldViolation& violation : DetailsOf(made.status()).violations) {
      fields.push_back(violation.path);
    }
    return fields;
  }

  SystemClock clock_;
  SystemRandom random_;
  IdSource ids_{clock_, random_};
  RecordingLedger ledger_;
  CreateProject action_{ledger_, ids_};
};

TEST_F(CreateProjectTest, MakesEachProjectUnderAnIdOfItsOwn) {
  const Result<ProjectView> stars = action_.Run({.key = {}, .name = "stars", .unit = "EUR"});
  const Result<ProjectView> seas = action_.Run({.key = {}, .name = "s-1", .unit = "core-hour@alpha"});
  ASSERT_TRUE(stars.ok() && seas.ok()) << stars.status() << seas.status();
  EXPECT_EQ(ledger_.projects.at("stars").project_id, stars->project_id);
  EXPECT_FALSE(stars->project_id.is_nil());
  EXPECT_NE(stars->project_id, seas->project_id);
  EXPECT_EQ(seas->unit, "core-hour@alpha");
}

TEST_F(CreateProjectTest, RefusesNamesAndUnitsThatAreNoneAndNamesBoth) {
  for (const char* name : {"", "Stars", "1stars", "-stars", "st_ars", "st ars", "st\nars", "stärs",
                           "a2345678901234567890123456789012345678901", "abcdef01-2345-4789-8abc-def012345678"}) {
    EXPECT_EQ(Refused(name, "EUR"), std::vector<std::string>{"name"}) << name;
  }
  EXPECT_EQ(Refused("stars", ""), std::vector<std::string>{"unit"});
  EXPECT_EQ(Refused("stars", "E R"), std::vector<std::string>{"unit"});
  EXPECT_EQ(Refused("Stars", "1"), (std::vector<std::string>{"name", "unit"}));
  EXPECT_TRUE(ledger_.projects.empty());
}

}  // namespace
}  // namespace turnpike
