#include "sdk/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/file_sync.h"
#include "sdk/token_file.h"
#include "tests/base/scratch_folder.h"

namespace turnpike {
namespace {

using testing::HasSubstr;

void Write(const std::string& path, std::string_view text, unsigned mode = 0600) {
  ASSERT_TRUE(MakeFolders(std::filesystem::path(path).parent_path().string()).ok());
  ASSERT_TRUE(WriteFileAtomically(path, text, mode).ok());
}

class Settings : public testing::Test {
 protected:
  Settings() {
    sources_.environment = {{"HOME", folder_.File("home")}};
    sources_.system_dev_path = folder_.File("var/dev/client.conf");
  }

  std::string UserPath() const { return folder_.File("home/.config/turnpike/config"); }
  std::string DevPath() const { return folder_.File("home/.local/share/turnpike/dev/client.conf"); }

  ScratchFolder folder_;
  SettingsSources sources_;
};

TEST_F(Settings, WithoutAnySourceItSaysWhatToDo) {
  const Status status = FindSettings(sources_).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  for (const std::string& part :
       {std::string("--broker"), std::string("TURNPIKE_BROKER"), UserPath(), std::string("--dev")}) {
    EXPECT_THAT(status.ToString(), HasSubstr(part));
  }
}

TEST_F(Settings, EachSettingComesFromTheFirstSourceThatHasIt) {
  Write(UserPath(), "address = file:1\nca = /file/ca\ntoken_file = /file/token\nproject = file-project\n");
  sources_.environment["TURNPIKE_CA"] = "/environment/ca";
  sources_.environment["TURNPIKE_BROKER"] = "environment:1";
  sources_.flags.addresses = "flag:1";
  const ClientSettings expected{
      .addresses = "flag:1", .ca_path = "/environment/ca", .token_path = "/file/token", .project = "file-project"};
  EXPECT_EQ(FindSettings(sources_).value(), expected);
}

TEST_F(Settings, XdgFoldersAreHonoured) {
  sources_.environment["XDG_CONFIG_HOME"] = folder_.File("xdg");
  Write(folder_.File("xdg/turnpike/config"), "address = xdg:1\n");
  Write(UserPath(), "address = home:1\n");
  EXPECT_EQ(FindSettings(sources_)->addresses, "xdg:1");
  sources_.environment["XDG_CONFIG_HOME"] = "relative/is/ignored";
  EXPECT_EQ(FindSettings(sources_)->addresses, "home:1");
}

TEST_F(Settings, DevBrokerOfThisMachineIsTheLastResort) {
  Write(DevPath(), "address = dev:1\nca = ca.pem\ntoken_file = token\n");
  const std::string dev_folder = folder_.File("home/.local/share/turnpike/dev");
  const ClientSettings expected{
      .addresses = "dev:1", .ca_path = dev_folder + "/ca.pem", .token_path = dev_folder + "/token", .project = ""};
  EXPECT_EQ(FindSettings(sources_).value(), expected);
}

TEST_F(Settings, DevTokenIsNotOfferedToAnotherBroker) {
  Write(DevPath(), "address = dev:1\nca = /dev/ca\ntoken_file = /dev/token\n");
  sources_.flags.addresses = "other:1";
  EXPECT_EQ(FindSettings(sources_)->token_path, "");
  EXPECT_EQ(FindSettings(sources_)->ca_path, "");
}

TEST_F(Settings, SystemDevBrokerIsForRootWithoutOneOfItsOwn) {
  Write(sources_.system_dev_path, "address = system:1\n");
  EXPECT_EQ(FindSettings(sources_).status().code(), StatusCode::kNotFound);
  sources_.is_root = true;
  EXPECT_EQ(FindSettings(sources_)->addresses, "system:1");
  Write(DevPath(), "address = own:1\n");
  EXPECT_EQ(FindSettings(sources_)->addresses, "own:1");
}

TEST_F(Settings, WrongLineIsNamedWithFileAndNumber) {
  Write(UserPath(), "# mine\naddress = a:1\ntoken = tp_secret\n");
  const Status status = FindSettings(sources_).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.ToString(), HasSubstr(UserPath() + ": line 3: the key \"token\" is unknown"));
}

TEST(ParseSettings, TakesCommentsQuotesAndBlanks) {
  const auto settings = ParseSettings(
      "# comment\n\n  address=  a:1, b:2   # two\r\nca = \"/a b#c/ca.pem\" # quoted\ntoken_file = ~/token\nproject =\n",
      {.folder = "/etc/x", .home = "/people/ada"});
  ASSERT_TRUE(settings.ok()) << settings.status();
  const ClientSettings expected{
      .addresses = "a:1, b:2", .ca_path = "/a b#c/ca.pem", .token_path = "/people/ada/token", .project = ""};
  EXPECT_EQ(*settings, expected);
}

TEST(ParseSettings, RefusesWhatItCannotRead) {
  for (const std::string text :
       {"address", "= a:1", "[broker]", "address = \"a:1", "address = \"a\" b", "adress = a:1"}) {
    EXPECT_EQ(ParseSettings(text, {.folder = "/", .home = "/"}).status().code(), StatusCode::kInvalidArgument) << text;
  }
}

TEST(ParseSettings, ReadsBackWhatFormatSettingsWrote) {
  const ClientSettings settings{.addresses = "a:1,b:2",
                                .ca_path = "/with blank/ca.pem",
                                .token_path = "/t#1",
                                .project = "astro",
                                .region = "cn-east"};
  EXPECT_EQ(ParseSettings(FormatSettings(settings), {.folder = "/x", .home = "/y"}).value(), settings);
  EXPECT_EQ(FormatSettings({}), "");
}

TEST_F(Settings, BecomeAConnection) {
  const std::string token = folder_.File("token");
  Write(token, "tp_abc\n", 0600);
  const auto connection =
      ToConnectionSettings({.addresses = "a:1, ,b:2 ", .ca_path = "/ca", .token_path = token, .project = ""});
  ASSERT_TRUE(connection.ok()) << connection.status();
  EXPECT_THAT(connection->addresses, testing::ElementsAre("a:1", "b:2"));
  EXPECT_EQ(connection->ca_path, "/ca");
  EXPECT_EQ(connection->token, "tp_abc");
  EXPECT_EQ(ToConnectionSettings({.addresses = "a:1", .ca_path = "", .token_path = "", .project = ""}).status().code(),
            StatusCode::kInvalidArgument);
}

TEST_F(Settings, TokenThatOthersCanReadIsRefused) {
  const std::string path = folder_.File("token");
  for (const unsigned mode : {0644U, 0640U, 0604U, 0620U, 0660U}) {
    Write(path, "tp_abc");
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    const Status status = ReadTokenFile(path).status();
    EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition) << mode;
    EXPECT_THAT(status.ToString(), HasSubstr("chmod 600 " + path));
  }
  ASSERT_EQ(::chmod(path.c_str(), 0400), 0);
  EXPECT_EQ(ReadTokenFile(path).value(), "tp_abc");
}

TEST_F(Settings, TokenFileHoldsOneToken) {
  const std::string path = folder_.File("token");
  EXPECT_EQ(ReadTokenFile(path).status().code(), StatusCode::kNotFound);
  for (const std::string& text :
       std::vector<std::string>{"", "\n", "one\ntwo\n", "two words", "tp_\x01", std::string(5000, 'x')}) {
    Write(path, text);
    EXPECT_EQ(ReadTokenFile(path).status().code(), StatusCode::kFailedPrecondition) << text;
  }
  Write(path, "tp_abc \r\n\n");
  EXPECT_EQ(ReadTokenFile(path).value(), "tp_abc");
}

}  // namespace
}  // namespace turnpike
