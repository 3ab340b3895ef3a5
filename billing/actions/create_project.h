#pragma once
// A federation operator makes a project: a name, and an empty account in one unit, both for ever.  Thread-safe.

#include <string>

#include "base/ids.h"
#include "base/request_key.h"
#include "billing/ports/ledger_store.h"

namespace turnpike {

struct CreateProjectCall {
  RequestKey key;
  std::string name;  // a-z, then a-z 0-9 and dashes, at most 40 characters
  std::string unit;
};

class CreateProject {
 public:
  CreateProject(LedgerStore& ledger, IdSource& ids) : ledger_(ledger), ids_(ids) {}

  // INVALID_ARGUMENT: every wrong field is named.  ALREADY_EXISTS: another project has the name.
  Result<ProjectView> Run(const CreateProjectCall& call);

 private:
  LedgerStore& ledger_;
  IdSource& ids_;
};

}  // namespace turnpike
