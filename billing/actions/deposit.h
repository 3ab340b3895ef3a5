#pragma once
// A federation operator brings money into a project's account from outside.  Thread-safe.

#include <string>

#include "base/request_key.h"
#include "billing/ports/ledger_store.h"

namespace turnpike {

struct DepositCall {
  RequestKey key;
  std::string project;      // its name or id
  std::string amount;       // a positive decimal in the account's unit: "12.34"
  std::string description;  // for people: where it came from
};

struct Deposited {
  AccountView account;  // after it
  TransferView transfer;
};

class Deposit {
 public:
  explicit Deposit(LedgerStore& ledger) : ledger_(ledger) {}

  // INVALID_ARGUMENT: every wrong field is named.  NOT_FOUND: no such project.
  Result<Deposited> Run(const DepositCall& call);

 private:
  LedgerStore& ledger_;
};

}  // namespace turnpike
