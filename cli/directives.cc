#include "cli/directives.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <optional>

#include "cli/flag_parser.h"
#include "cli/sbatch_flags.h"
#include "cli/turnpike_flags.h"

namespace turnpike {
namespace {

constexpr std::string_view kSbatchWord = "#SBATCH";
constexpr std::string_view kTurnpikeWord = "#TP";
// What is about one submission, or about a script that is not this one.
constexpr std::string_view kCommandLineOnly[] = {"wrap", "help", "usage", "version", "json", "request-id"};
constexpr std::string_view kForeignWords[] = {"#PBS", "#BSUB", "#$", "#CBATCH", "#SLURM"};

bool IsSpace(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

bool IsCommentOrEmpty(std::string_view line) {
  for (const char c : line) {
    if (!IsSpace(c)) {
      return c == '#';
    }
  }
  return true;
}

// The word and then a space or nothing: "#TPU" is no directive.
bool StartsWithWord(std::string_view line, std::string_view word) {
  return line.starts_with(word) && (line.size() == word.size() || IsSpace(line[word.size()]));
}

// sbatch's own quoting: a backslash takes the next character as it is, also inside quotation marks; # begins a comment.
Result<std::vector<std::string>> SplitWords(std::string_view text, std::string_view where) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;  // "" is a word too
  char quote = '\0';
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\0' && (c == '#' || IsSpace(c))) {
      if (in_word) {
        words.push_back(std::exchange(word, {}));
      }
      in_word = false;
      if (c == '#') {
        break;
      }
      continue;
    }
    in_word = true;
    if (c == '\\') {
      word += ++i < text.size() ? text.substr(i, 1) : "";
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = '\0';
    } else {
      word += c;
    }
  }
  if (quote != '\0') {
    return InvalidArgument("{}: a {} without its partner in [{}]", where, quote, text);
  }
  if (in_word) {
    words.push_back(std::move(word));
  }
  return words;
}

Status RefuseHeterogeneous(const std::vector<std::string>& words, std::string_view where) {
  if (!words.empty() && (words[0] == "hetjob" || words[0] == "packjob" || words[0].starts_with(':'))) {
    return InvalidArgument("{}: heterogeneous jobs ({}) are not supported; submit the parts as jobs of their own",
                           where, words[0]);
  }
  return OkStatus();
}

std::optional<ForeignDirective> AsForeign(std::string_view line, int number) {
  for (const std::string_view word : kForeignWords) {
    if (StartsWithWord(line, word)) {
      return ForeignDirective{std::string(word), number};
    }
  }
  return std::nullopt;
}

Status AddSettings(const Directive& directive, const std::string& where, std::vector<Setting>& settings) {
  const bool sbatch = directive.dialect == DirectiveDialect::kSbatch;
  const Result<ParsedFlags> parsed = ParseFlags(sbatch ? SbatchDialect() : TurnpikeDialect(), directive.words);
  if (!parsed.ok()) {
    const bool own = sbatch && ParseFlags(TurnpikeDialect(), directive.words).ok();
    return InvalidArgument("{}: {}{}", where, MessageOf(parsed.status()),
                           own ? "; it is Turnpike's own: write it on a line that begins with #TP" : "");
  }
  if (parsed->operands_begin < directive.words.size()) {
    return InvalidArgument("{}: '{}' is no flag; a directive holds flags only", where,
                           directive.words[parsed->operands_begin]);
  }
  for (const Flag& flag : parsed->flags) {
    const auto end = std::end(kCommandLineOnly);
    if (std::find(std::begin(kCommandLineOnly), end, flag.option->name) != end) {
      return InvalidArgument("{}: --{} belongs on the command line, not into a script", where, flag.option->name);
    }
    settings.push_back({flag.option, flag.value, flag.has_value, {SettingLayer::kDirective, where}});
  }
  return OkStatus();
}

}  // namespace

Result<ScriptHead> ReadScriptHead(std::string_view script, std::string_view file_name) {
  ScriptHead head;
  int number = 0;
  while (!script.empty()) {
    const size_t end = script.find('\n');
    const std::string_view line = script.substr(0, end);
    script.remove_prefix(end == std::string_view::npos ? script.size() : end + 1);
    ++number;
    const bool sbatch = line.starts_with(kSbatchWord);
    if (!sbatch && !StartsWithWord(line, kTurnpikeWord)) {
      if (!IsCommentOrEmpty(line)) {
        break;
      }
      if (std::optional<ForeignDirective> foreign = AsForeign(line, number)) {
        head.foreign.push_back(std::move(*foreign));
      }
      continue;
    }
    const std::string where = fmt::format("{} line {}", file_name, number);
    const std::string_view rest = line.substr(sbatch ? kSbatchWord.size() : kTurnpikeWord.size());
    ASSIGN_OR_RETURN(std::vector<std::string> words, SplitWords(rest, where));
    RETURN_IF_ERROR(RefuseHeterogeneous(words, where));
    head.directives.push_back(
        {sbatch ? DirectiveDialect::kSbatch : DirectiveDialect::kTurnpike, number, std::move(words)});
  }
  return head;
}

Result<std::vector<Setting>> SettingsOf(const ScriptHead& head, std::string_view file_name) {
  std::vector<Setting> settings;
  for (const Directive& directive : head.directives) {
    RETURN_IF_ERROR(AddSettings(directive, fmt::format("{} line {}", file_name, directive.line), settings));
  }
  return settings;
}

}  // namespace turnpike
