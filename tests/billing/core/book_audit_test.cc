#include "billing/core/book_audit.h"

#include <gmock/gmock.h>

namespace turnpike {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <class AnyId>
AnyId IdOf(uint8_t number) {
  return AnyId(Uuid{{number}});
}
const AccountId kProject = IdOf<AccountId>(1);
const AccountId kSite = IdOf<AccountId>(2);
const AccountId kOutside = IdOf<AccountId>(3);

// A deposit of 100, a job that reserved 50, was charged 20 and got 5 of that back, and one that holds 30.
struct Books {
  std::vector<AuditedAccount> accounts = {
      {.account_id = kProject, .unit = "EUR", .balance_micros = 85, .through_xid = {}, .held_micros = 30},
      {.account_id = kSite, .unit = "EUR", .balance_micros = {}, .through_xid = {}},
      {.account_id = kOutside, .unit = "EUR", .balance_micros = {}, .through_xid = {}}};
  std::vector<AuditedTransfer> transfers = {Move(1, kOutside, kProject, 100), Move(2, kProject, kSite, 20),
                                            Move(3, kSite, kProject, 5)};
  std::vector<AuditedHold> holds = {
      {.job_id = IdOf<JobId>(1),
       .job_is_over = true,
       .account_id = kProject,
       .unit = "EUR",
       .reserved_micros = 50,
       .charged_micros = 20,
       .released_micros = 30,
       .refunded_micros = 5,
       .charges_micros = 20,
       .refunds_micros = 5},
      {.job_id = IdOf<JobId>(2), .job_is_live = true, .account_id = kProject, .unit = "EUR", .reserved_micros = 30}};
  std::vector<AuditedAttempt> attempts = {
      {.attempt_id = IdOf<AttemptId>(1), .charged = true, .charges = 1, .receivers = 1, .refunds = 1, .refunders = 1}};

  static AuditedTransfer Move(uint8_t id, AccountId debit, AccountId credit, int64_t amount) {
    return {.transfer_id = IdOf<TransferId>(id),
            .debit_account = debit,
            .credit_account = credit,
            .unit = "EUR",
            .amount_micros = amount,
            .xid = id};
  }
  std::vector<AuditCheck> Audit() const {
    BookAudit audit;
    for (const AuditedAccount& account : accounts) audit.Take(account);
    for (const AuditedTransfer& transfer : transfers) audit.Take(transfer);
    for (const AuditedHold& hold : holds) audit.Take(hold);
    for (const AuditedAttempt& attempt : attempts) audit.Take(attempt);
    return audit.Finish();
  }
};

// The claims that do not hold.
std::vector<std::string> Broken(const std::vector<AuditCheck>& checks) {
  std::vector<std::string> broken;
  for (const AuditCheck& check : checks) {
    if (check.wrong > 0) {
      broken.emplace_back(check.claim);
    }
  }
  return broken;
}

constexpr char kBalances[] = "transfers add up to the balances";
constexpr char kUnits[] = "both sides of a transfer are kept in its unit";
constexpr char kHeld[] = "open holds add up to what accounts hold";
constexpr char kJobs[] = "each job is live or over, and not both";
constexpr char kOpen[] = "jobs that are over hold nothing but what is still to be charged";
constexpr char kCharges[] = "charges stay within their holds";
constexpr char kAttempts[] = "no attempt is charged twice";

TEST(BookAudit, SoundBooksAreSoundAndCounted) {
  const std::vector<AuditCheck> checks = Books().Audit();
  EXPECT_TRUE(IsSound(checks));
  EXPECT_EQ(FormatAudit(checks),
            "transfers add up to the balances: 3 accounts, sound\n"
            "both sides of a transfer are kept in its unit: 3 transfers, sound\n"
            "open holds add up to what accounts hold: 3 accounts, sound\n"
            "each job is live or over, and not both: 2 jobs, sound\n"
            "jobs that are over hold nothing but what is still to be charged: 1 jobs, sound\n"
            "charges stay within their holds: 2 jobs, sound\n"
            "no attempt is charged twice: 1 attempts, sound\n");
}

TEST(BookAudit, EachFaultBreaksItsOwnClaim) {
  struct Case {
    const char* name;
    std::function<void(Books&)> spoil;
    std::vector<std::string> broken;
  };
  const Case cases[] = {
      {"a balance", [](Books& books) { books.accounts[0].balance_micros = 84; }, {kBalances}},
      {"a transfer more",
       [](Books& books) { books.transfers.push_back(Books::Move(9, kProject, kSite, 1)); },
       {kBalances}},
      {"another unit", [](Books& books) { books.accounts[1].unit = "USD"; }, {kUnits}},
      {"an account that is not there",
       [](Books& books) { books.transfers[0].debit_account = IdOf<AccountId>(9); },
       {kUnits}},
      {"a hold more", [](Books& books) { books.accounts[0].held_micros = 31; }, {kHeld}},
      {"charged beyond the hold", [](Books& books) { books.holds[0].reserved_micros = 40; }, {kHeld, kOpen, kCharges}},
      {"a job that is lost", [](Books& books) { books.holds[1].job_is_live = false; }, {kJobs}},
      {"a job that is live and over", [](Books& books) { books.holds[0].job_is_live = true; }, {kJobs}},
      {"a hold that nobody will end",
       [](Books& books) {
         books.holds[0].released_micros = 20;
         books.accounts[0].held_micros = 40;
       },
       {kOpen}},
      {"charged without a transfer", [](Books& books) { books.holds[0].charges_micros = 19; }, {kCharges}},
      {"refunded without a transfer", [](Books& books) { books.holds[0].refunds_micros = 0; }, {kCharges}},
      {"refunded more than charged",
       [](Books& books) { books.holds[0].refunded_micros = books.holds[0].refunds_micros = 21; },
       {kCharges}},
      {"charged without a hold", [](Books& books) { books.holds[1].account_id.reset(); }, {kHeld, kCharges}},
      {"a hold of no job", [](Books& books) { books.holds[1].job_is_there = false; }, {kCharges}},
      {"a hold in another unit", [](Books& books) { books.holds[1].unit = "USD"; }, {kHeld, kCharges}},
      {"charged twice", [](Books& books) { books.attempts[0].charges = 2; }, {kAttempts}},
      {"refunded twice", [](Books& books) { books.attempts[0].refunds = 2; }, {kAttempts}},
      {"charged before its end", [](Books& books) { books.attempts[0].charged = false; }, {kAttempts}},
  };
  for (const Case& each : cases) {
    Books books;
    each.spoil(books);
    const std::vector<AuditCheck> checks = books.Audit();
    EXPECT_FALSE(IsSound(checks)) << each.name;
    EXPECT_EQ(Broken(checks), each.broken) << each.name;
  }
}

TEST(BookAudit, WhatIsStillToBeChargedStaysHeld) {
  Books books;
  books.holds[0].released_micros = 20;
  books.holds[0].charge_is_due = true;
  books.accounts[0].held_micros = 40;
  EXPECT_TRUE(IsSound(books.Audit()));
}

TEST(BookAudit, ChargesToSeveralReceiversAreOneEach) {
  Books books;
  books.attempts[0].charges = books.attempts[0].receivers = 2;
  EXPECT_TRUE(IsSound(books.Audit()));
}

TEST(BookAudit, ARollupIsHeldAgainstTheTransfersBeforeItsMark) {
  Books books;
  books.accounts[1].balance_micros = 20;
  books.accounts[1].through_xid = 3;
  EXPECT_THAT(Broken(books.Audit()), IsEmpty());
  books.accounts[1].through_xid = 4;
  EXPECT_THAT(Broken(books.Audit()), ElementsAre(kBalances));
}

TEST(BookAudit, NamesTheFirstOffendersAndCountsTheRest) {
  Books books;
  books.attempts.clear();
  for (uint8_t i = 1; i <= 30; ++i) {
    books.attempts.push_back({.attempt_id = IdOf<AttemptId>(i), .charged = true, .charges = 2, .receivers = 1});
  }
  const std::vector<AuditCheck> checks = books.Audit();
  EXPECT_EQ(checks.back().wrong, 30);
  EXPECT_EQ(checks.back().offenders.size(), BookAudit::kOffendersMax);
  EXPECT_THAT(FormatAudit(checks),
              HasSubstr("30 attempts, 30 wrong\n  " + IdOf<AttemptId>(1).ToString() + ": 2 charges to 1 accounts\n"));
}

TEST(BookAudit, SumsBeyondAnAmountAreWrongAndNotWrappedRound) {
  Books books;
  books.transfers.push_back(Books::Move(4, kOutside, kProject, INT64_MAX));
  books.transfers.push_back(Books::Move(5, kOutside, kProject, INT64_MAX));
  books.transfers.push_back(Books::Move(6, kOutside, kProject, 2));
  EXPECT_THAT(Broken(books.Audit()), ElementsAre(kBalances));
}

}  // namespace
}  // namespace turnpike
