#include "base/pg/migrate.h"

#include <algorithm>
#include <charconv>
#include <exception>
#include <functional>
#include <pqxx/pqxx>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/pg/sql_status.h"

namespace turnpike {
namespace {

// One program at a time; the number is any that nothing else locks.  The lock ends with the transaction, so a
// connection that libpqxx silently makes anew cannot lose it.
constexpr char kWaitForOthers[] = "SET LOCAL lock_timeout = '10min'";
constexpr char kLock[] = "SELECT pg_advisory_xact_lock(7236837542908841)";
constexpr char kMakeTable[] = R"sql(
    CREATE TABLE IF NOT EXISTS schema_migration (
      number     integer PRIMARY KEY CHECK (number > 0),
      name       text NOT NULL,
      checksum   text NOT NULL CHECK (checksum ~ '^[0-9a-f]{64}$'),
      applied_at timestamptz NOT NULL DEFAULT now()
    );
    GRANT SELECT ON schema_migration TO PUBLIC
)sql";
constexpr char kFindTable[] = "SELECT to_regclass('schema_migration') IS NOT NULL";
constexpr char kReadApplied[] = "SELECT number, name, checksum FROM schema_migration ORDER BY number";
constexpr char kRecord[] = "INSERT INTO schema_migration (number, name, checksum) VALUES ($1, $2, $3)";

constexpr size_t kDigits = 4;

std::string ChecksumOf(const EmbeddedFile& file) {
  return ToHex(AsBytes(Sha256(file.text)));
}

// 0 for a name that is none.
int NumberOf(std::string_view name) {
  const bool formed = name.size() > kDigits && name[kDigits] == '_' && name.ends_with(".sql");
  int number = 0;
  const char* end = name.data() + kDigits;
  return formed && std::from_chars(name.data(), end, number).ptr == end && number > 0 ? number : 0;
}

Result<std::vector<EmbeddedFile>> InOrder(std::span<const EmbeddedFile> files) {
  std::vector<EmbeddedFile> ordered(files.begin(), files.end());
  std::ranges::sort(ordered, {}, &EmbeddedFile::name);
  for (size_t index = 0; index < ordered.size(); ++index) {
    const int number = NumberOf(ordered[index].name);
    if (number == 0) {
      return InvalidArgument("migration {} must be named like 0001_first.sql", ordered[index].name);
    }
    if (number != static_cast<int>(index) + 1) {
      return InvalidArgument("migration {} stands where number {} belongs: numbers have no gaps and no repeats",
                             ordered[index].name, index + 1);
    }
  }
  return ordered;
}

// What libpqxx threw, as a Status.  Its two trees of SQL errors have no common root, and the second one knows no
// SQLSTATE.
Status StatusOfException() {
  const auto with_state = [](const std::string& sqlstate, std::string_view text) {
    if (sqlstate.empty()) {
      return Internal("database: {}", text);
    }
    return StatusOf({.severity = "ERROR", .sqlstate = sqlstate, .text = std::string(text.substr(0, text.find('\n')))});
  };
  try {
    throw;
  } catch (const pqxx::insufficient_privilege& error) {
    return with_state("42501", error.what());
  } catch (const pqxx::sql_error& error) {
    return with_state(error.sqlstate(), error.what());
  } catch (const pqxx::deadlock_detected& error) {
    return with_state("40P01", error.what());
  } catch (const pqxx::transaction_rollback& error) {
    return with_state("40001", error.what());
  } catch (const pqxx::in_doubt_error& error) {
    return WithUnknownOutcome(ConnectionLost(error.what()));
  } catch (const pqxx::broken_connection& error) {
    return ConnectionLost(error.what());
  } catch (const std::exception& error) {
    return Internal("libpqxx: {}", error.what());
  }
}

// How far the database has come; refuses one that went another way.
Result<MigrationState> ReadState(pqxx::transaction_base& tx, const std::vector<EmbeddedFile>& files) {
  MigrationState state{.applied = 0, .known = static_cast<int>(files.size())};
  for (const pqxx::row& row : tx.exec(kReadApplied)) {
    const int number = row[0].as<int>();
    const std::string name = row[1].as<std::string>();
    if (number != state.applied + 1) {
      return FailedPrecondition(
          "the database has migration {} ({}) but not migration {}: restore table schema_migration", number, name,
          state.applied + 1);
    }
    state.applied = number;
    if (number > state.known) {
      continue;
    }
    const EmbeddedFile& file = files[static_cast<size_t>(number) - 1];
    if (row[2].as<std::string>() != ChecksumOf(file)) {
      return FailedPrecondition(
          "migration {} was edited after it was applied as {}: restore its text, and put the change in a new migration",
          file.name, name);
    }
  }
  return state;
}

Status Annotate(const Status& status, const EmbeddedFile& file) {
  Status annotated = MakeStatus(status.code(), fmt::format("migration {}: {}", file.name, MessageOf(status)));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) { annotated.SetPayload(url, payload); });
  return annotated;
}

Status Apply(pqxx::transaction_base& tx, const EmbeddedFile& file) {
  try {
    tx.exec(std::string(file.text));
    tx.exec_params(kRecord, NumberOf(file.name), std::string(file.name), ChecksumOf(file));
    tx.commit();
  } catch (...) {
    return Annotate(StatusOfException(), file);
  }
  return OkStatus();
}

// The state before; applies the next migration, if there is one.
Result<MigrationState> ApplyNext(pqxx::connection& connection, const std::vector<EmbeddedFile>& files) {
  pqxx::work tx(connection);
  tx.exec(kWaitForOthers);
  tx.exec(kLock);
  tx.exec(kMakeTable);
  ASSIGN_OR_RETURN(const MigrationState state, ReadState(tx, files));
  if (state.up_to_date()) {
    tx.commit();
    return state;
  }
  RETURN_IF_ERROR(Apply(tx, files[static_cast<size_t>(state.applied)]));
  return state;
}

Result<MigrationState> Look(pqxx::connection& connection, const std::vector<EmbeddedFile>& files) {
  pqxx::read_transaction tx(connection);
  if (!tx.exec1(kFindTable)[0].as<bool>()) {
    return MigrationState{.applied = 0, .known = static_cast<int>(files.size())};
  }
  return ReadState(tx, files);
}

Result<MigrationState> Connected(const std::string& conninfo,
                                 const std::function<Result<MigrationState>(pqxx::connection&)>& work) {
  try {
    pqxx::connection connection(conninfo);
    return work(connection);
  } catch (...) {
    return StatusOfException();
  }
}

}  // namespace

Result<MigrationState> CheckMigrations(const std::string& conninfo, std::span<const EmbeddedFile> files) {
  ASSIGN_OR_RETURN(const std::vector<EmbeddedFile> ordered, InOrder(files));
  return Connected(conninfo, [&](pqxx::connection& connection) { return Look(connection, ordered); });
}

// Where nothing is missing nothing is written: a broker starts while commits wait for a standby, too.
Result<MigrationState> ApplyMigrations(const std::string& conninfo, std::span<const EmbeddedFile> files) {
  ASSIGN_OR_RETURN(const std::vector<EmbeddedFile> ordered, InOrder(files));
  return Connected(conninfo, [&](pqxx::connection& connection) -> Result<MigrationState> {
    ASSIGN_OR_RETURN(const MigrationState before, Look(connection, ordered));
    if (before.applied > 0 && before.up_to_date()) {
      return before;
    }
    while (true) {
      ASSIGN_OR_RETURN(const MigrationState state, ApplyNext(connection, ordered));
      if (state.up_to_date()) {
        return state;
      }
    }
  });
}

}  // namespace turnpike
