#include "cli/arguments.h"

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>

namespace turnpike {
namespace {

constexpr const char* kProgramFooter = R"(
Examples
  turnpike submit --time=30 --wait job.sh   run a script somewhere and wait for it
  turnpike queue                            what is waiting and running
  turnpike quote --time=30 job.sh           what it would cost, and when and where it would run
  turnpike explain 42                       why a job waits, and what would help
  turnpike show 42                          one job; --output prints what it wrote
  turnpike logs -f 42                       what it writes, as it writes it
  turnpike sites                            where jobs can run, and how busy it is there

Exit codes
  0 done   1 other error   2 wrong flags or job   3 not found   4 no valid token   5 no right or no funds
  6 no site can run it   7 the state does not allow it   8 timed out   9 broker away   130 interrupted
  submit --wait ends with the job's own code, 128 + signal, 124 time limit, 103 cancelled, 100 failed without a code

The broker is taken from --broker, --ca and --token-file, else from TURNPIKE_BROKER, TURNPIKE_CA and
TURNPIKE_TOKEN_FILE, else from the settings file, else from a `turnpike-broker --dev` on this machine.)";

constexpr const char* kLogsExamples =
    R"(turnpike logs 42                 what is there: of a job that nobody followed, its last 64 KiB
  turnpike logs -f 42              as it writes; Ctrl-C ends the reading, never the job
  turnpike logs -f --tail=10 42    the last ten lines, then what comes
  turnpike logs --error --attempt=1 42 > first.err

While a job runs its output is there only where somebody follows it: up to 64 MiB of each stream, from its first
byte on.  What it waits for, and bytes that are left out, are told on standard error.)";

constexpr std::string_view kFlagsWithValue[] = {"--broker", "--ca", "--token-file"};
constexpr int kLimitMax = 1'000'000;

// The place of the command among the words: behind the program's own flags.
size_t CommandAt(const std::vector<std::string>& words) {
  size_t at = 0;
  while (at < words.size() && words[at].starts_with('-')) {
    const bool takes_next =
        std::find(std::begin(kFlagsWithValue), std::end(kFlagsWithValue), words[at]) != std::end(kFlagsWithValue);
    at += takes_next ? 2 : 1;
  }
  return std::min(at, words.size());
}

// Builds the parser; what it finds lands in the options of the command that was named.
class Parser {
 public:
  Parser() : app_("Runs jobs at the computing centers of a federation.", "turnpike") {
    app_.footer(kProgramFooter);
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_option("--broker", arguments_.settings.addresses, "host:port of the broker, more than one with commas");
    app_.add_option("--ca", arguments_.settings.ca_path, "file with the CA certificate of the federation");
    app_.add_option("--token-file", arguments_.settings.token_path,
                    "file with your token; a token never stands in a flag");
    app_.add_flag("--json", arguments_.json, "one JSON document on standard output");
    AddJobCommands();
    AddAccountCommands();
    AddSiteCommands(*AddGroup("site", "for the operators of a site"));
    AddProjectCommands(*AddGroup("project", "for the operators of the federation"));
    AddCommand(app_, "version", "which Turnpike this is", version_, "turnpike version");
  }

  Result<std::variant<Arguments, HelpText>> Parse(const std::vector<std::string>& words) {
    if (words.size() == 1 && (words[0] == "--version" || words[0] == "-V")) {
      return std::move(arguments_);  // whose first command is the version
    }
    const size_t at = CommandAt(words);
    if (at < words.size()) {
      RETURN_IF_ERROR(CheckCommand(words[at]));
    }
    // The words of submit and quote belong to a script and to sbatch's own rules (cli/flag_parser.h).
    const bool reads_job = at < words.size() && (words[at] == "submit" || words[at] == "quote");
    std::vector<std::string> own(words.begin(),
                                 words.begin() + static_cast<std::ptrdiff_t>(reads_job ? at + 1 : words.size()));
    submit_.words.assign(words.begin() + static_cast<std::ptrdiff_t>(reads_job ? at + 1 : words.size()), words.end());
    quote_.words = submit_.words;
    try {
      std::reverse(own.begin(), own.end());  // as CLI11 takes them
      app_.parse(std::move(own));
    } catch (const CLI::CallForHelp&) {
      return HelpText{app_.help()};
    } catch (const CLI::ParseError& error) {
      return InvalidArgument("{}; see `turnpike {}--help`", error.what(), at < words.size() ? words[at] + " " : "");
    }
    return std::move(arguments_);
  }

 private:
  template <class Options>
  CLI::App* AddCommand(CLI::App& parent, const std::string& name, const std::string& what, Options& options,
                       const std::string& examples) {
    CLI::App* command = parent.add_subcommand(name, what);
    command->fallthrough();
    command->footer("\nExamples\n  " + examples);
    command->callback([this, &options] { arguments_.command = options; });
    return command;
  }

  CLI::App* AddGroup(const std::string& name, const std::string& what) {
    CLI::App* group = app_.add_subcommand(name, what);
    group->require_subcommand(1);
    group->fallthrough();
    return group;
  }

  void AddJobCommands() {
    AddCommand(app_, "submit", "send a job (turnpike submit --help tells all its flags)", submit_,
               "turnpike submit job.sh");
    AddCommand(app_, "quote", "what a job would cost, and when and where it would run", quote_,
               "turnpike quote job.sh\n  turnpike quote --nodes=2 --time=2:00:00 -- ./solver");
    CLI::App* explain =
        AddCommand(app_, "explain", "why a job is where it is, and what would help", explain_, "turnpike explain 42");
    explain->add_option("job", explain_.job_id, "its number or id")->required();
    CLI::App* queue =
        AddCommand(app_, "queue", "the project's jobs, newest first", queue_,
                   "turnpike queue\n  turnpike queue --all --limit=20\n  turnpike queue --state=R,PD --json");
    queue->alias("ls");
    AddProject(*queue, queue_.project);
    queue->add_option("--state,-t", queue_.states, "only these states, long or as squeue shortens them")
        ->delimiter(',');
    queue->add_flag("--all,-a", queue_.all, "those that have ended too");
    AddListFlags(*queue, queue_.header, &queue_.limit);
    CLI::App* show = AddCommand(app_, "show", "one job, or what it wrote", show_,
                                "turnpike show 42\n  turnpike show 42 --output > result.txt");
    show->add_option("job", show_.job_id, "its number or id")->required();
    CLI::Option* output = show->add_flag("--output", show_.output, "print its standard output");
    show->add_flag("--error", show_.error, "print its standard error")->excludes(output);
    AddLogs();
    CLI::App* cancel = AddCommand(app_, "cancel", "ask for the end of jobs", cancel_, "turnpike cancel 42 43");
    cancel->add_option("jobs", cancel_.job_ids, "their numbers or ids")->required();
    CLI::App* sites = AddCommand(app_, "sites", "where jobs can run, and how busy it is there", sites_,
                                 "turnpike sites\n  turnpike sites alpha");
    sites->add_option("site", sites_.site, "only this one");
    AddListFlags(*sites, sites_.header, nullptr);
  }

  void AddLogs() {
    CLI::App* logs = AddCommand(app_, "logs", "what a job wrote, or writes", logs_, kLogsExamples);
    logs->add_option("job", logs_.job_id, "its number or id")->required();
    logs->add_flag("--follow,-f", logs_.follow, "go on as it writes, from before its start to its end");
    logs->add_flag("--error", logs_.error, "its standard error instead of its standard output");
    logs->add_option("--attempt", logs_.attempt, "of this attempt alone, 1 for the first; the latest unless said")
        ->check(CLI::Range(1, kLimitMax));
    CLI::Option* offset =
        logs->add_option("--offset", logs_.offset, "from this byte on; negative: that many before the end");
    logs->add_option("--tail", logs_.tail, "only the last lines of what is there, then with -f what comes")
        ->check(CLI::Range(0, kLimitMax))
        ->excludes(offset);
  }

  void AddAccountCommands() {
    CLI::App* balance = AddCommand(app_, "balance", "what an account has, holds and can spend", balance_,
                                   "turnpike balance\n  turnpike balance --site=alpha --unit=EUR");
    AddProject(*balance, balance_.owner.project);
    balance->add_option("--site", balance_.owner.site, "a site's account instead of a project's");
    balance->add_option("--unit", balance_.unit, "which account of a site that earned in several units");
    CLI::App* transfers = AddCommand(app_, "transfers", "what moved in an account, newest first", transfers_,
                                     "turnpike transfers --limit=20");
    AddProject(*transfers, transfers_.owner.project);
    transfers->add_option("--site", transfers_.owner.site, "a site's account instead of a project's");
    AddListFlags(*transfers, transfers_.header, &transfers_.limit);
    CLI::App* usage = AddCommand(app_, "usage", "what jobs used and cost, newest first", usage_,
                                 "turnpike usage --since=7d\n  turnpike usage --job=42 --json");
    AddProject(*usage, usage_.project);
    usage->add_option("--job", usage_.job_id, "only this job");
    usage->add_option("--since", usage_.since, "only what ended since: 7d, 12h, 2026-11-01 or RFC 3339");
    AddListFlags(*usage, usage_.header, &usage_.limit);
  }

  void AddSiteCommands(CLI::App& group) {
    CLI::App* enroll = AddCommand(group, "register", "register a site and get the token for its agent", site_register_,
                                  "turnpike site register alpha --region=eu-north --time-zone=Europe/Oslo");
    enroll->add_option("name", site_register_.name, "a-z, then a-z 0-9 and dashes")->required();
    enroll->add_option("--display-name", site_register_.display_name, "what people call it");
    enroll->add_option("--region", site_register_.region, "where it is");
    enroll->add_option("--time-zone", site_register_.time_zone, "such as Asia/Shanghai; UTC unless said");
    enroll->add_option("--token-lifetime", site_register_.token_lifetime, "minutes or H:M:S, at most an hour");
    AddRequestId(*enroll, site_register_.request_id);
    CLI::App* token = AddCommand(group, "token", "a new token, when a site's agent has to enroll again", site_token_,
                                 "turnpike site token alpha --lifetime=30");
    token->add_option("site", site_token_.site, "its name or id")->required();
    token->add_option("--lifetime", site_token_.lifetime, "minutes or H:M:S, at most an hour");
    AddRequestId(*token, site_token_.request_id);
    AddMaintenance(group);
    CLI::App* drain = AddCommand(group, "drain", "let a site finish what it has and take nothing new", site_drain_,
                                 "turnpike site drain alpha --reason='cooling works on Monday'");
    drain->add_option("site", site_drain_.site, "its name or id")->required();
    drain->add_option("--reason", site_drain_.reason, "why, for people")->required();
    CLI::App* resume =
        AddCommand(group, "resume", "let a drained site take work again", site_resume_, "turnpike site resume alpha");
    resume->add_option("site", site_resume_.site, "its name or id")->required();
    CLI::App* quarantine = AddCommand(group, "quarantine", "shut a site out at once", site_quarantine_,
                                      "turnpike site quarantine alpha --reason='its key was seen elsewhere'");
    quarantine->add_option("site", site_quarantine_.site, "its name or id")->required();
    quarantine->add_option("--reason", site_quarantine_.reason, "why, for people")->required();
    CLI::App* release = AddCommand(group, "release", "let a site in again that was shut out", site_release_,
                                   "turnpike site release alpha");
    release->add_option("site", site_release_.site, "its name or id")->required();
    CLI::App* price = group.add_subcommand("price", "a site's prices");
    price->require_subcommand(1);
    price->fallthrough();
    CLI::App* set = AddCommand(*price, "set", "set a new version of the prices", price_set_,
                               "turnpike site price set alpha --unit=EUR '*:core-hour=0.02' gpu:accelerator-hour=1.50");
    set->add_option("site", price_set_.site, "its name or id")->required();
    set->add_option("rates", price_set_.rates,
                    "SHARE:RESOURCE=PRICE; resources: node-hour core-hour accelerator-hour memory-gib-hour")
        ->required();
    set->add_option("--unit", price_set_.unit, "the currency or commodity of every rate")->required();
    set->add_flag("--dry-run", price_set_.dry_run, "check everything, store nothing");
    AddRequestId(*set, price_set_.request_id);
    CLI::App* show = AddCommand(*price, "show", "the prices in force, or an older version", price_show_,
                                "turnpike site price show alpha --version=3");
    show->add_option("site", price_show_.site, "its name or id")->required();
    show->add_option("--version", price_show_.version, "an older version");
  }

  void AddMaintenance(CLI::App& group) {
    CLI::App* command =
        AddCommand(group, "maintenance", "when a site is not to be used: show, add, take back", site_maintenance_,
                   "turnpike site maintenance alpha\n"
                   "  turnpike site maintenance alpha --from=2026-11-25T06:00:00Z "
                   "--until=2026-11-25T18:00:00Z --reason='new switches'\n"
                   "  turnpike site maintenance alpha --share=gpu --until=+4h\n"
                   "  turnpike site maintenance alpha --cancel=ID");
    command->add_option("site", site_maintenance_.site, "its name or id")->required();
    command->add_option("--share", site_maintenance_.share, "this share alone");
    command->add_option("--from", site_maintenance_.from,
                        "when it begins: +12h, 2026-11-25 or RFC 3339; now unless said");
    command->add_option("--until", site_maintenance_.until, "when it ends; makes a window");
    command->add_option("--reason", site_maintenance_.reason, "why, for people");
    command->add_option("--cancel", site_maintenance_.cancel, "the id of a window to take back");
    AddListFlags(*command, site_maintenance_.header, nullptr);
    AddRequestId(*command, site_maintenance_.request_id);
  }

  void AddProjectCommands(CLI::App& group) {
    CLI::App* create = AddCommand(group, "create", "make a project with an empty account", project_create_,
                                  "turnpike project create astro --unit=EUR");
    create->add_option("name", project_create_.name, "a-z, then a-z 0-9 and dashes")->required();
    create->add_option("--unit", project_create_.unit, "the currency or commodity of its account")->required();
    AddRequestId(*create, project_create_.request_id);
    CLI::App* deposit = AddCommand(group, "deposit", "bring money into a project's account", deposit_,
                                   "turnpike project deposit astro 500 --description='grant 2026-17'");
    deposit->add_option("project", deposit_.project, "its name or id")->required();
    deposit->add_option("amount", deposit_.amount, "a positive decimal in the account's unit")->required();
    deposit->add_option("--description", deposit_.description, "where it came from, for people");
    AddRequestId(*deposit, deposit_.request_id);
    CLI::App* weight = AddCommand(group, "weight", "set a project's part when several projects' jobs wait",
                                  project_weight_, "turnpike project weight astro 3");
    weight->add_option("project", project_weight_.project, "its name or id")->required();
    weight->add_option("weight", project_weight_.weight, "1 to 1000, beside the other projects' weights")->required();
    AddRequestId(*weight, project_weight_.request_id);
  }

  static void AddProject(CLI::App& command, std::string& project) {
    command.add_option("--project,-P", project, "a project's name or id; the token's only one unless said");
  }
  static void AddRequestId(CLI::App& command, std::string& request_id) {
    command.add_option("--request-id", request_id,
                       "a UUID, the same for each retry: done once, however often it is sent");
  }
  static void AddListFlags(CLI::App& command, bool& header, int* limit) {
    command.add_flag_callback(
        "--no-header", [&header] { header = false; }, "leave the line of titles out");
    if (limit != nullptr) {
      command.add_option("--limit", *limit, "how many at most")->check(CLI::Range(1, kLimitMax));
    }
  }

  Status CheckCommand(const std::string& word) {
    std::vector<std::string> names;
    for (const CLI::App* command : app_.get_subcommands([](CLI::App*) { return true; })) {
      if (command->get_name() == word || (!command->get_aliases().empty() && command->get_aliases().front() == word)) {
        return OkStatus();
      }
      names.push_back(command->get_name());
    }
    return InvalidArgument("unknown command '{}'; the commands are {}", word, fmt::join(names, ", "));
  }

  CLI::App app_;
  Arguments arguments_;
  VersionOptions version_;
  SubmitOptions submit_;
  QuoteOptions quote_;
  ExplainOptions explain_;
  QueueOptions queue_;
  ShowOptions show_;
  LogsOptions logs_;
  CancelOptions cancel_;
  SitesOptions sites_;
  BalanceOptions balance_;
  TransfersOptions transfers_;
  UsageOptions usage_;
  SiteRegisterOptions site_register_;
  SiteTokenOptions site_token_;
  SiteDrainOptions site_drain_;
  SiteResumeOptions site_resume_;
  SiteQuarantineOptions site_quarantine_;
  SiteReleaseOptions site_release_;
  PriceSetOptions price_set_;
  PriceShowOptions price_show_;
  ProjectCreateOptions project_create_;
  DepositOptions deposit_;
  ProjectWeightOptions project_weight_;
  SiteMaintenanceOptions site_maintenance_;
};

}  // namespace

Result<std::variant<Arguments, HelpText>> ParseArguments(const std::vector<std::string>& words) {
  return Parser().Parse(words);
}

}  // namespace turnpike
