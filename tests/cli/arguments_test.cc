#include "cli/arguments.h"

#include <gmock/gmock.h>

namespace turnpike {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class Options>
Options OptionsOf(const std::vector<std::string>& words) {
  const auto parsed = ParseArguments(words);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  const Arguments* arguments = parsed.ok() ? std::get_if<Arguments>(&*parsed) : nullptr;
  const Options* options = arguments != nullptr ? std::get_if<Options>(&arguments->command) : nullptr;
  EXPECT_NE(options, nullptr) << ::testing::PrintToString(words);
  return options != nullptr ? *options : Options{};
}

std::string ErrorOf(const std::vector<std::string>& words) {
  const auto parsed = ParseArguments(words);
  EXPECT_EQ(parsed.status().code(), StatusCode::kInvalidArgument) << ::testing::PrintToString(words);
  return std::string(MessageOf(parsed.status()));
}

TEST(Arguments, SubmitKeepsItsWordsUntouched) {
  EXPECT_THAT(OptionsOf<SubmitOptions>({"submit", "-N2", "--json", "--", "ls", "--help"}).words,
              ElementsAre("-N2", "--json", "--", "ls", "--help"));
  EXPECT_THAT(OptionsOf<SubmitOptions>({"--broker", "submit", "submit", "job.sh", "queue"}).words,
              ElementsAre("job.sh", "queue"));
  EXPECT_THAT(OptionsOf<SubmitOptions>({"submit"}).words, ElementsAre());
  EXPECT_THAT(OptionsOf<QuoteOptions>({"quote", "-N2", "--json", "job.sh"}).words,
              ElementsAre("-N2", "--json", "job.sh"));
}

TEST(Arguments, TheProgramsFlagsStandOnEitherSide) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--broker=h:1", "--ca", "ca.pem", "--token-file=t", "--json", "queue"},
        std::vector<std::string>{"queue", "--json", "--broker", "h:1", "--ca=ca.pem", "--token-file", "t"}}) {
    const auto parsed = ParseArguments(words);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    const auto& arguments = std::get<Arguments>(*parsed);
    EXPECT_EQ(arguments.settings,
              (ClientSettings{.addresses = "h:1", .ca_path = "ca.pem", .token_path = "t", .project = ""}));
    EXPECT_TRUE(arguments.json);
  }
}

TEST(Arguments, EachCommandHasItsOptions) {
  const auto queue = OptionsOf<QueueOptions>({"queue", "-P", "astro", "-t", "R,PD", "--limit=7", "--no-header"});
  EXPECT_EQ(queue.project, "astro");
  EXPECT_THAT(queue.states, ElementsAre("R", "PD"));
  EXPECT_EQ(queue.limit, 7);
  EXPECT_FALSE(queue.header);
  EXPECT_TRUE(OptionsOf<QueueOptions>({"ls", "-a"}).all);
  EXPECT_TRUE(OptionsOf<QueueOptions>({"queue"}).header);
  EXPECT_TRUE(OptionsOf<ShowOptions>({"show", "42", "--output"}).output);
  EXPECT_EQ(OptionsOf<ShowOptions>({"show", "42"}).job_id, "42");
  EXPECT_EQ(OptionsOf<ExplainOptions>({"explain", "42"}).job_id, "42");
  EXPECT_THAT(OptionsOf<CancelOptions>({"cancel", "1", "2"}).job_ids, ElementsAre("1", "2"));
  EXPECT_EQ(OptionsOf<SitesOptions>({"sites", "alpha"}).site, "alpha");
  EXPECT_EQ(OptionsOf<BalanceOptions>({"balance", "--site=alpha", "--unit=EUR"}).owner.site, "alpha");
  EXPECT_EQ(OptionsOf<TransfersOptions>({"transfers", "--project=p"}).owner.project, "p");
  EXPECT_EQ(OptionsOf<UsageOptions>({"usage", "--since=7d", "--job=3"}).since, "7d");
  const auto site =
      OptionsOf<SiteRegisterOptions>({"site", "register", "alpha", "--region=eu", "--time-zone=Europe/Oslo"});
  EXPECT_EQ(site.name, "alpha");
  EXPECT_EQ(site.time_zone, "Europe/Oslo");
  EXPECT_EQ(OptionsOf<SiteDrainOptions>({"site", "drain", "alpha", "--reason=x"}).reason, "x");
  EXPECT_EQ(OptionsOf<SiteMaintenanceOptions>({"site", "maintenance", "alpha", "--until=+4h"}).until, "+4h");
  EXPECT_EQ(OptionsOf<ProjectWeightOptions>({"project", "weight", "astro", "3"}).weight, 3);
  EXPECT_EQ(OptionsOf<SiteTokenOptions>({"site", "token", "alpha", "--lifetime=30"}).lifetime, "30");
  EXPECT_EQ(OptionsOf<SiteQuarantineOptions>({"site", "quarantine", "alpha", "--reason=x"}).reason, "x");
  EXPECT_EQ(OptionsOf<SiteReleaseOptions>({"site", "release", "alpha"}).site, "alpha");
  EXPECT_EQ(OptionsOf<SiteResumeOptions>({"site", "resume", "alpha"}).site, "alpha");
  const auto price =
      OptionsOf<PriceSetOptions>({"site", "price", "set", "alpha", "--unit=EUR", "a:core-hour=1", "b:node-hour=2"});
  EXPECT_THAT(price.rates, ElementsAre("a:core-hour=1", "b:node-hour=2"));
  EXPECT_EQ(OptionsOf<PriceShowOptions>({"site", "price", "show", "alpha", "--version=3"}).version, 3);
  EXPECT_EQ(OptionsOf<ProjectCreateOptions>({"project", "create", "astro", "--unit=EUR"}).unit, "EUR");
  EXPECT_EQ(OptionsOf<DepositOptions>({"project", "deposit", "astro", "500.25", "--json"}).amount, "500.25");
  OptionsOf<VersionOptions>({"version"});
  OptionsOf<VersionOptions>({"--version"});
}

TEST(Arguments, ErrorsSayWhatIsWrong) {
  EXPECT_THAT(ErrorOf({"que"}), HasSubstr("unknown command 'que'; the commands are submit, quote, explain, queue"));
  EXPECT_THAT(ErrorOf({}), HasSubstr("subcommand"));
  EXPECT_THAT(ErrorOf({"queue", "--bad"}), HasSubstr("--bad; see `turnpike queue --help`"));
  EXPECT_THAT(ErrorOf({"queue", "--limit=0"}), HasSubstr("--limit"));
  EXPECT_THAT(ErrorOf({"show"}), HasSubstr("job is required"));
  EXPECT_THAT(ErrorOf({"show", "1", "--output", "--error"}), HasSubstr("excludes"));
  EXPECT_THAT(ErrorOf({"site", "price", "set", "alpha", "--unit=EUR"}), HasSubstr("rates"));
  EXPECT_THAT(ErrorOf({"cancel"}), HasSubstr("jobs"));
  EXPECT_THAT(ErrorOf({"--broker"}), HasSubstr("--broker"));
}

TEST(Arguments, EveryCommandHasHelpWithAnExample) {
  const std::vector<std::vector<std::string>> commands = {{},
                                                          {"queue"},
                                                          {"show"},
                                                          {"cancel"},
                                                          {"sites"},
                                                          {"balance"},
                                                          {"transfers"},
                                                          {"usage"},
                                                          {"version"},
                                                          {"site", "register"},
                                                          {"site", "drain"},
                                                          {"site", "resume"},
                                                          {"site", "price", "set"},
                                                          {"site", "price", "show"},
                                                          {"project", "create"},
                                                          {"project", "deposit"}};
  for (std::vector<std::string> words : commands) {
    words.push_back("--help");
    const auto parsed = ParseArguments(words);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    const auto* help = std::get_if<HelpText>(&*parsed);
    ASSERT_NE(help, nullptr) << ::testing::PrintToString(words);
    EXPECT_THAT(help->text, HasSubstr("Examples\n  turnpike ")) << ::testing::PrintToString(words);
  }
}

}  // namespace
}  // namespace turnpike
