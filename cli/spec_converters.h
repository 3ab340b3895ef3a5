#pragma once
// One function per mapped option: takes what was said, checks its form and writes it into the draft.  INVALID_ARGUMENT
// otherwise.

#include "cli/setting.h"
#include "cli/spec_draft.h"

namespace turnpike {

// Program and environment.
Status SetName(const Setting& setting, SpecDraft& draft);
Status SetWorkingDirectory(const Setting& setting, SpecDraft& draft);
Status SetEnvironment(const Setting& setting, SpecDraft& draft);
Status SetSignal(const Setting& setting, SpecDraft& draft);
Status SetCommentLabel(const Setting& setting, SpecDraft& draft);
Status AddLabel(const Setting& setting, SpecDraft& draft);

// Resources.
Status SetNodes(const Setting& setting, SpecDraft& draft);
Status SetTasks(const Setting& setting, SpecDraft& draft);
Status SetTasksPerNode(const Setting& setting, SpecDraft& draft);
Status SetCpusPerTask(const Setting& setting, SpecDraft& draft);
Status SetCpusPerGpu(const Setting& setting, SpecDraft& draft);
Status SetMemoryPerNode(const Setting& setting, SpecDraft& draft);
Status SetMemoryPerCpu(const Setting& setting, SpecDraft& draft);
Status SetMemoryPerGpu(const Setting& setting, SpecDraft& draft);
Status SetGpusTotal(const Setting& setting, SpecDraft& draft);
Status SetGpusPerNode(const Setting& setting, SpecDraft& draft);
Status SetGpusPerTask(const Setting& setting, SpecDraft& draft);
Status SetGres(const Setting& setting, SpecDraft& draft);
Status SetExclusive(const Setting& setting, SpecDraft& draft);
Status SetTimeLimit(const Setting& setting, SpecDraft& draft);
Status AddArchitectures(const Setting& setting, SpecDraft& draft);

// Order, retries, placement.
Status SetNice(const Setting& setting, SpecDraft& draft);
Status SetPriority(const Setting& setting, SpecDraft& draft);
Status SetRerunSafe(const Setting& setting, SpecDraft& draft);
Status SetRerunUnsafe(const Setting& setting, SpecDraft& draft);
Status SetAttemptsMax(const Setting& setting, SpecDraft& draft);
Status AddSites(const Setting& setting, SpecDraft& draft);
Status AddExcludedSites(const Setting& setting, SpecDraft& draft);
Status AddRegions(const Setting& setting, SpecDraft& draft);
Status SetRoundTripMax(const Setting& setting, SpecDraft& draft);
Status SetUserRegion(const Setting& setting, SpecDraft& draft);
Status SetObjective(const Setting& setting, SpecDraft& draft);
Status SetBudget(const Setting& setting, SpecDraft& draft);
Status SetDeadline(const Setting& setting, SpecDraft& draft);

// The command itself.
Status SwitchWait(const Setting& setting, SpecDraft& draft);
Status SwitchJson(const Setting& setting, SpecDraft& draft);
Status SwitchParsable(const Setting& setting, SpecDraft& draft);
Status SwitchDryRun(const Setting& setting, SpecDraft& draft);
Status SwitchQuiet(const Setting& setting, SpecDraft& draft);
Status SwitchPrintSpec(const Setting& setting, SpecDraft& draft);
Status SwitchHelp(const Setting& setting, SpecDraft& draft);
Status SwitchVersion(const Setting& setting, SpecDraft& draft);
Status SwitchIgnoreForeign(const Setting& setting, SpecDraft& draft);
Status SetWrap(const Setting& setting, SpecDraft& draft);
Status SetRequestId(const Setting& setting, SpecDraft& draft);
Status SetQuote(const Setting& setting, SpecDraft& draft);
Status SetProject(const Setting& setting, SpecDraft& draft);
Status SetWaitMax(const Setting& setting, SpecDraft& draft);

// Keeps the setting's option, with this value, for sites whose own map knows it.
void AddSiteFlag(const Setting& setting, const std::string& value, SpecDraft& draft);

}  // namespace turnpike
