#include "cli/flag_parser.h"

namespace turnpike {
namespace {

// Goes through the words; each Read... takes one word, and the next where the value stands there.
class FlagReader {
 public:
  FlagReader(const OptionSet& options, std::span<const std::string> words) : options_(options), words_(words) {}

  Result<ParsedFlags> Read() {
    while (next_ < words_.size()) {
      const std::string& word = words_[next_];
      if (word == "--") {
        parsed_.after_dashes = true;
        ++next_;
        break;
      }
      if (word.size() < 2 || word[0] != '-') {
        break;
      }
      ++next_;
      RETURN_IF_ERROR(word[1] == '-' ? ReadLong(std::string_view(word).substr(2))
                                     : ReadCluster(std::string_view(word).substr(1)));
    }
    parsed_.operands_begin = next_;
    return std::move(parsed_);
  }

 private:
  Status ReadLong(std::string_view text) {
    const size_t equals = text.find('=');
    const bool has_value = equals != std::string_view::npos;
    ASSIGN_OR_RETURN(const SubmitOption* option, options_.FindName(text.substr(0, equals)));
    if (has_value && option->argument == OptionArgument::kNone) {
      return InvalidArgument("option --{} takes no value", option->name);
    }
    if (has_value) {
      return Add(*option, text.substr(equals + 1));
    }
    return option->argument == OptionArgument::kRequired ? AddWithNextWord(*option) : AddSwitch(*option);
  }

  // "HN2": switches, and at the end perhaps one with its value.
  Status ReadCluster(std::string_view letters) {
    while (!letters.empty()) {
      ASSIGN_OR_RETURN(const SubmitOption* option, options_.FindLetter(letters.front()));
      letters.remove_prefix(1);
      if (option->argument == OptionArgument::kNone ||
          (letters.empty() && option->argument == OptionArgument::kOptional)) {
        RETURN_IF_ERROR(AddSwitch(*option));
        continue;
      }
      return letters.empty() ? AddWithNextWord(*option) : Add(*option, letters);
    }
    return OkStatus();
  }

  Status AddWithNextWord(const SubmitOption& option) {
    if (next_ == words_.size()) {
      return InvalidArgument("option --{} needs a value: --{}=VALUE", option.name, option.name);
    }
    return Add(option, words_[next_++]);
  }
  Status Add(const SubmitOption& option, std::string_view value) {
    parsed_.flags.push_back({&option, std::string(value), true});
    return OkStatus();
  }
  Status AddSwitch(const SubmitOption& option) {
    parsed_.flags.push_back({&option, "", false});
    return OkStatus();
  }

  const OptionSet& options_;
  std::span<const std::string> words_;
  size_t next_ = 0;
  ParsedFlags parsed_;
};

}  // namespace

Result<ParsedFlags> ParseFlags(const OptionSet& options, std::span<const std::string> words) {
  return FlagReader(options, words).Read();
}

}  // namespace turnpike
