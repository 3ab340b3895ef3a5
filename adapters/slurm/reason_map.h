#pragma once
// What Slurm's reasons for waiting mean, in a sentence for the user.

#include <string>
#include <string_view>

namespace turnpike::slurm {

struct ReasonMeaning {
  std::string sentence;  // empty: the word is not known, and is shown as it is
  bool known = false;
  bool limit = false;           // a limit of the site (back-pressure), not the job and not the load
  bool waits_for_ever = false;  // nothing but a person or a change will start it
};

ReasonMeaning ExplainReason(std::string_view raw_reason);

}  // namespace turnpike::slurm
