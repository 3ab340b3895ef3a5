#include "cli/job_program.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace turnpike {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class JobProgramTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::string path = ::testing::TempDir() + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  Result<JobProgram> Read(const ProgramWords& words, const std::string& input = "") {
    std::istringstream stream(input);
    return ReadProgram(words, stream);
  }
};

TEST_F(JobProgramTest, AFileIsAScriptWithArguments) {
  const std::string path = Write("relax.sh", "#!/bin/sh\necho $1\n");
  const Result<JobProgram> program = Read({.words = {path, "a", "--b"}});
  ASSERT_TRUE(program.ok()) << program.status();
  const auto& script = std::get<ScriptProgram>(*program);
  EXPECT_EQ(script.content, "#!/bin/sh\necho $1\n");
  EXPECT_EQ(script.file_name, "relax.sh");
  EXPECT_EQ(script.default_name, "relax.sh");
  EXPECT_THAT(script.arguments, ElementsAre("a", "--b"));
}

TEST_F(JobProgramTest, StandardInputIsAScript) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{}, std::vector<std::string>{"-"}}) {
    const Result<JobProgram> program = Read({.words = words}, "#!/bin/sh\ntrue\n");
    ASSERT_TRUE(program.ok()) << program.status();
    EXPECT_EQ(std::get<ScriptProgram>(*program).content, "#!/bin/sh\ntrue\n");
    EXPECT_EQ(std::get<ScriptProgram>(*program).default_name, "");
  }
}

TEST_F(JobProgramTest, WordsAfterDashesAreACommand) {
  const Result<JobProgram> program = Read({.words = {"echo", "-n", "$HOME; rm"}, .after_dashes = true});
  ASSERT_TRUE(program.ok());
  EXPECT_THAT(std::get<CommandProgram>(*program).arguments, ElementsAre("echo", "-n", "$HOME; rm"));
  EXPECT_FALSE(Read({.words = {}, .after_dashes = true}).ok());
}

TEST_F(JobProgramTest, WrapMakesAScriptForSh) {
  const Result<JobProgram> program = WrapProgram("make && ./run");
  ASSERT_TRUE(program.ok());
  EXPECT_EQ(std::get<ScriptProgram>(*program).content,
            "#!/bin/sh\n# Made by turnpike submit --wrap.\n\nmake && ./run\n");
}

TEST_F(JobProgramTest, WrongScriptsAreRefusedWithTheCure) {
  struct Case {
    std::string text;
    std::string error;
  };
  const Case cases[] = {
      {"", "is empty"},
      {"echo hi\n", "make its first line #!/bin/bash"},
      {" #!/bin/sh\n", "make its first line #!/bin/bash"},
      {"#!/bin/sh\r\necho\r\n", "DOS line ends"},
      {std::string("#!/bin/sh\n\0x", 12), "NUL"},
      {"#!/bin/sh\n\xff\xfe\n", "not UTF-8"},
      {"#!/bin/sh\n" + std::string(1U << 20U, 'x'), "larger than 1 MiB"},
  };
  for (const Case& c : cases) {
    const Result<JobProgram> from_file = Read({.words = {Write("wrong.sh", c.text)}});
    ASSERT_FALSE(from_file.ok()) << c.error;
    EXPECT_EQ(from_file.status().code(), StatusCode::kInvalidArgument) << c.error;
    EXPECT_THAT(std::string(MessageOf(from_file.status())), HasSubstr(c.error));
    const Result<JobProgram> from_input = Read({}, c.text);
    ASSERT_FALSE(from_input.ok()) << c.error;
    EXPECT_THAT(std::string(MessageOf(from_input.status())), HasSubstr(c.error));
  }
}

TEST_F(JobProgramTest, AMissingFileIsNotFound) {
  EXPECT_EQ(Read({.words = {"/nonexistent/job.sh"}}).status().code(), StatusCode::kNotFound);
}

TEST_F(JobProgramTest, ArgumentsAreUtf8) {
  EXPECT_FALSE(Read({.words = {"echo", "\xff"}, .after_dashes = true}).ok());
}

}  // namespace
}  // namespace turnpike
