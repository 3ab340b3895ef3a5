#include "broker/core/reason.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace turnpike {
namespace {

constexpr size_t kNamedMax = 2;  // of each kind; the rest is counted

std::vector<ShareRefusal> Select(std::span<const ShareRefusal> refusals, bool permanent) {
  std::vector<ShareRefusal> selected;
  for (const ShareRefusal& refusal : refusals) {
    if (IsPermanent(refusal.reason) == permanent) {
      selected.push_back(refusal);
    }
  }
  return selected;
}

const SharePause* FindPause(std::span<const SharePause> pauses, uint32_t share, std::optional<ProjectId> project_id) {
  const auto found = std::ranges::find_if(
      pauses, [&](const SharePause& pause) { return pause.share == share && pause.project_id == project_id; });
  return found == pauses.end() ? nullptr : &*found;
}

// The first few, each with its sentence.
std::string Sentences(const JobRequest& request, const std::vector<ShareRefusal>& refusals, const MatchSetting& setting,
                      std::optional<ProjectId> project_id) {
  std::string text;
  for (size_t i = 0; i < refusals.size() && i < kNamedMax; ++i) {
    const ShareCandidate candidate = CandidateOf(request, refusals[i].share, setting, project_id);
    text += fmt::format("{}{}", i == 0 ? "" : "; ", RefusalSentence(refusals[i].reason, request, candidate));
  }
  if (refusals.size() > kNamedMax) {
    text += fmt::format("; and {} more", refusals.size() - kNamedMax);
  }
  return text;
}

// Cuts between characters, never inside one.
std::string Shorten(std::string text) {
  constexpr std::string_view kEllipsis = "...";
  if (text.size() <= kReasonBytesMax) {
    return text;
  }
  size_t end = kReasonBytesMax - kEllipsis.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  text.resize(end);
  return text.append(kEllipsis);
}

}  // namespace

ShareCandidate CandidateOf(const JobRequest& request, uint32_t share, const MatchSetting& setting,
                           std::optional<ProjectId> project_id) {
  const ShareView& view = setting.federation.shares[share];
  return {.site = setting.federation.SiteOf(view),
          .share = view,
          .pool = setting.federation.pools[view.pool].load,
          .rates = RatesIn(setting.price_lists, request.price_list, share),
          .network = setting.network,
          .pause = FindPause(setting.pauses, share, project_id),
          .now = setting.now};
}

std::string WaitingReason(const JobRequest& request, std::span<const ShareRefusal> refusals,
                          const MatchSetting& setting, std::optional<ProjectId> project_id) {
  if (refusals.empty()) {
    return "no site offers a share yet";
  }
  const std::vector<ShareRefusal> passing = Select(refusals, false);
  const std::vector<ShareRefusal> permanent = Select(refusals, true);
  std::string text = Sentences(request, passing, setting, project_id);
  if (!permanent.empty()) {
    const std::string count = passing.empty() ? "no share can ever run it"
                                              : fmt::format("; {} {} can never run it", permanent.size(),
                                                            permanent.size() == 1 ? "share" : "shares");
    text += fmt::format("{}: {}", count, Sentences(request, permanent, setting, project_id));
  }
  return Shorten(std::move(text));
}

}  // namespace turnpike
