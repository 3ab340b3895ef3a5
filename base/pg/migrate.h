#pragma once
// Brings a database's schema up to what this program knows.  Migrations are numbered files without gaps, never edited
// once applied, forward only; each runs in a transaction of its own, under a lock that lets one program at a time
// through.

#include <span>
#include <string>

#include "base/embedded_file.h"
#include "base/status.h"

namespace turnpike {

struct MigrationState {
  int applied = 0;  // the highest number in the database
  int known = 0;    // the highest number in this program

  bool up_to_date() const { return applied >= known; }
  // A newer program has been here; migrations expand before they contract, so the next older one still works.
  bool ahead() const { return applied > known; }
};

// `files` are named 0001_first.sql, 0002_….  INVALID_ARGUMENT: a name or a gap; FAILED_PRECONDITION: an applied one was
// edited since.
Result<MigrationState> CheckMigrations(const std::string& conninfo, std::span<const EmbeddedFile> files);
// Applies what is missing, as the schema's owner; another program doing the same is waited for.
Result<MigrationState> ApplyMigrations(const std::string& conninfo, std::span<const EmbeddedFile> files);

}  // namespace turnpike
