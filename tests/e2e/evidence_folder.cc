#include "tests/e2e/evidence_folder.h"

#include <fmt/format.h>

#include <sstream>

#include "base/file_sync.h"

namespace turnpike {

Status WriteEvidence(const std::string& folder, const std::string& database_address, const RunEvidence& evidence) {
  std::string journals, local_jobs, samples;
  for (const auto& [site, journal] : evidence.journals) {
    journals += fmt::format("{} {}\n", site, journal);
  }
  for (const LocalJobRow& row : evidence.local_jobs) {
    local_jobs += fmt::format("{} {} {} {}\n", row.site, row.local_id, row.tag, row.state);
  }
  for (const ProcessSample& sample : evidence.samples) {
    samples += fmt::format("{} {} {} {}\n", sample.name, sample.memory_kib, sample.descriptors, sample.threads);
  }
  RETURN_IF_ERROR(WriteFileAtomically(folder + "/database", database_address + "\n"));
  RETURN_IF_ERROR(WriteFileAtomically(folder + "/journals", journals));
  RETURN_IF_ERROR(WriteFileAtomically(folder + "/local_jobs", local_jobs));
  return WriteFileAtomically(folder + "/samples", samples);
}

Result<LoadedEvidence> LoadEvidence(const std::string& folder) {
  ASSIGN_OR_RETURN(std::string address, ReadFile(folder + "/database"));
  ASSIGN_OR_RETURN(const std::string journals, ReadFile(folder + "/journals"));
  ASSIGN_OR_RETURN(const std::string local_jobs, ReadFile(folder + "/local_jobs"));
  ASSIGN_OR_RETURN(const std::string samples, ReadFile(folder + "/samples"));
  LoadedEvidence loaded;
  ASSIGN_OR_RETURN(loaded.database, Database::Open(address.substr(0, address.find('\n'))));
  loaded.run.reset(new RunEvidence{.database = *loaded.database,
                                   .payload_log = folder + "/payload.log",
                                   .call_history = folder + "/calls.log",
                                   .journals = {}});
  std::istringstream journal_words(journals), job_words(local_jobs), sample_words(samples);
  for (std::string site, journal; journal_words >> site >> journal;) {
    loaded.run->journals[site] = journal;
  }
  for (LocalJobRow row; job_words >> row.site >> row.local_id >> row.tag >> row.state;) {
    loaded.run->local_jobs.push_back(row);
  }
  for (ProcessSample one; sample_words >> one.name >> one.memory_kib >> one.descriptors >> one.threads;) {
    loaded.run->samples.push_back(one);
  }
  return loaded;
}

}  // namespace turnpike
