#include "billing/core/book_audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace turnpike {
namespace {

std::string Text(Int128 micros) {
  const bool fits = micros >= std::numeric_limits<int64_t>::min() && micros <= std::numeric_limits<int64_t>::max();
  return fits ? FormatMicros(static_cast<int64_t>(micros)) : "more than an amount can hold";
}

bool IsIn(const AuditedTransfer& transfer, const AuditedAccount& account) {
  return !account.through_xid || transfer.xid < *account.through_xid;
}

std::string WrongInHold(const AuditedHold& hold) {
  if (!hold.job_is_there) {
    return "the job of this hold is not there";
  }
  const Int128 spent = static_cast<Int128>(hold.charged_micros) + hold.released_micros;
  if (spent > hold.reserved_micros) {
    return fmt::format("{} charged and {} released of {} reserved", Text(hold.charged_micros),
                       Text(hold.released_micros), Text(hold.reserved_micros));
  }
  if (hold.charges_micros != hold.charged_micros) {
    return fmt::format("{} charged, {} by transfers", Text(hold.charged_micros), Text(hold.charges_micros));
  }
  if (hold.refunds_micros != hold.refunded_micros) {
    return fmt::format("{} refunded, {} by transfers", Text(hold.refunded_micros), Text(hold.refunds_micros));
  }
  if (hold.refunded_micros > hold.charged_micros) {
    return fmt::format("{} refunded of {} charged", Text(hold.refunded_micros), Text(hold.charged_micros));
  }
  return {};
}

std::string_view WrongInJob(const AuditedHold& hold) {
  if (hold.job_is_live == hold.job_is_over) {
    return hold.job_is_live ? "it is live and over" : "it is neither live nor over";
  }
  return {};
}

std::string WrongInOpen(const AuditedHold& hold) {
  const Int128 open = static_cast<Int128>(hold.reserved_micros) - hold.charged_micros - hold.released_micros;
  return open == 0 || hold.charge_is_due ? std::string() : fmt::format("{} held, and no charge is to come", Text(open));
}

std::string WrongInAttempt(const AuditedAttempt& attempt) {
  if (!attempt.charged) {
    return fmt::format("{} charges, and it has not ended or was not to be charged", attempt.charges);
  }
  if (attempt.charges != attempt.receivers) {
    return fmt::format("{} charges to {} accounts", attempt.charges, attempt.receivers);
  }
  if (attempt.refunds != attempt.refunders) {
    return fmt::format("{} refunds from {} accounts", attempt.refunds, attempt.refunders);
  }
  return {};
}

}  // namespace

BookAudit::BookAudit() : checks_(kChecks) {
  checks_[kBalances].claim = "transfers add up to the balances";
  checks_[kBalances].rows = "accounts";
  checks_[kUnits].claim = "both sides of a transfer are kept in its unit";
  checks_[kUnits].rows = "transfers";
  checks_[kHeld].claim = "open holds add up to what accounts hold";
  checks_[kHeld].rows = "accounts";
  checks_[kJobs].claim = "each job is live or over, and not both";
  checks_[kJobs].rows = "jobs";
  checks_[kOpen].claim = "jobs that are over hold nothing but what is still to be charged";
  checks_[kOpen].rows = "jobs";
  checks_[kCharges].claim = "charges stay within their holds";
  checks_[kCharges].rows = "jobs";
  checks_[kAttempts].claim = "no attempt is charged twice";
  checks_[kAttempts].rows = "attempts";
}

void BookAudit::Take(const AuditedAccount& account) {
  books_[account.account_id].account = account;
}

void BookAudit::Take(const AuditedTransfer& transfer) {
  std::string wrong;
  const std::pair<AccountId, Int128> legs[] = {{transfer.debit_account, -static_cast<Int128>(transfer.amount_micros)},
                                               {transfer.credit_account, transfer.amount_micros}};
  for (const auto& [account_id, change] : legs) {
    Book* const book = Find(account_id);
    if (book == nullptr) {
      wrong += fmt::format("; account {} is not there", account_id.ToString());
    } else if (book->account.unit != transfer.unit) {
      wrong +=
          fmt::format("; {} moved in account {}, kept in {}", transfer.unit, account_id.ToString(), book->account.unit);
    } else if (IsIn(transfer, book->account)) {
      book->balance += change;
    }
  }
  Judge(kUnits, transfer.transfer_id.ToString(), wrong.empty() ? wrong : wrong.substr(2));
}

void BookAudit::Take(const AuditedHold& hold) {
  if (hold.job_is_there) {
    Judge(kJobs, hold.job_id.ToString(), WrongInJob(hold));
  }
  if (hold.job_is_over) {
    Judge(kOpen, hold.job_id.ToString(), WrongInOpen(hold));
  }
  Book* const book = hold.account_id ? Find(*hold.account_id) : nullptr;
  if (book == nullptr || book->account.unit != hold.unit) {
    Judge(kCharges, hold.job_id.ToString(), "its hold, or the hold's account in its unit, is not there");
    return;
  }
  book->held += static_cast<Int128>(hold.reserved_micros) - hold.charged_micros - hold.released_micros;
  Judge(kCharges, hold.job_id.ToString(), WrongInHold(hold));
}

void BookAudit::Take(const AuditedAttempt& attempt) {
  Judge(kAttempts, attempt.attempt_id.ToString(), WrongInAttempt(attempt));
}

std::vector<AuditCheck> BookAudit::Finish() {
  for (const auto& [account_id, book] : books_) {
    const AuditedAccount& account = book.account;
    const bool balances = !account.balance_micros || book.balance == *account.balance_micros;
    Judge(kBalances, account_id.ToString(),
          balances
              ? ""
              : fmt::format("{} {}, {} by transfers", Text(*account.balance_micros), account.unit, Text(book.balance)));
    const bool held = book.held == account.held_micros;
    Judge(kHeld, account_id.ToString(),
          held ? "" : fmt::format("{} {} held, {} by holds", Text(account.held_micros), account.unit, Text(book.held)));
  }
  return std::move(checks_);
}

BookAudit::Book* BookAudit::Find(AccountId account_id) {
  const auto found = books_.find(account_id);
  return found == books_.end() ? nullptr : &found->second;
}

void BookAudit::Judge(Check check, std::string id, std::string_view wrong) {
  AuditCheck& result = checks_[check];
  ++result.checked;
  if (wrong.empty()) {
    return;
  }
  ++result.wrong;
  if (result.offenders.size() < kOffendersMax) {
    result.offenders.push_back(fmt::format("{}: {}", std::move(id), wrong));
  }
}

bool IsSound(const std::vector<AuditCheck>& checks) {
  return std::ranges::all_of(checks, [](const AuditCheck& check) { return check.wrong == 0; });
}

std::string FormatAudit(const std::vector<AuditCheck>& checks) {
  std::string text;
  for (const AuditCheck& check : checks) {
    text += fmt::format("{}: {} {}, {}\n", check.claim, check.checked, check.rows,
                        check.wrong == 0 ? "sound" : fmt::format("{} wrong", check.wrong));
    for (const std::string& offender : check.offenders) {
      text += fmt::format("  {}\n", offender);
    }
  }
  return text;
}

}  // namespace turnpike
