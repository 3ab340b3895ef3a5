#include "adapters/slurm/maintenance.h"

#include <gmock/gmock.h>

#include "adapters/slurm/host_list.h"
#include "tests/adapters/slurm/testdata.h"

namespace turnpike::slurm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<Reservation> Reservations() {
  const auto reservations = ParseReservations(ReadSample("adapter-reservations.out"));
  EXPECT_TRUE(reservations.ok()) << reservations.status();
  return *reservations;
}

Node NodeNamed(const std::string& name, std::vector<std::string> partitions) {
  Node node;
  node.name = name;
  node.state = "IDLE";
  node.partitions = std::move(partitions);
  return node;
}

TEST(SlurmMaintenance, ReadsReservations) {
  const std::vector<Reservation> reservations = Reservations();
  ASSERT_EQ(reservations.size(), 3U);
  EXPECT_EQ(reservations[0].name, "cooling");
  EXPECT_EQ(reservations[0].start, TimestampFromSeconds(1795335082));
  EXPECT_EQ(reservations[0].end, TimestampFromSeconds(1795342282));
  EXPECT_TRUE(reservations[0].maintenance);
  EXPECT_THAT(reservations[0].nodes, ElementsAre("mresn1", "mresn2"));
  EXPECT_FALSE(reservations[1].maintenance);
  EXPECT_TRUE(reservations[2].maintenance);
  EXPECT_THAT(*ParseReservations("No reservations in the system\n"), IsEmpty());
  EXPECT_FALSE(ParseReservations("ReservationName=a StartTime=now EndTime=1 Nodes=n1 Flags=MAINT\n").ok());
  EXPECT_FALSE(ParseReservations("ReservationName=a StartTime=1 EndTi").ok());
}

TEST(SlurmMaintenance, ClosesASharesWholePartitionOnly) {
  SlurmSettings settings;
  settings.shares.resize(2);
  settings.shares[0].partition = "main";
  settings.shares[1].name = "big";
  settings.shares[1].partition = "wide";
  std::vector<ShareCapacity> shares(2);
  shares[0].name = "main";
  shares[1].name = "big";
  std::vector<Node> nodes = {NodeNamed("mresn1", {"main", "wide"}), NodeNamed("mresn2", {"main", "wide"}),
                             NodeNamed("other", {"wide"})};
  AddMaintenance(settings, nodes, Reservations(), shares);
  EXPECT_THAT(
      shares[0].maintenance,
      ElementsAre(
          ShareMaintenance{TimestampFromSeconds(1795335082), TimestampFromSeconds(1795342282), "reservation cooling"},
          ShareMaintenance{TimestampFromSeconds(1795421422), TimestampFromSeconds(1795425022), "reservation daily"}));
  EXPECT_THAT(shares[1].maintenance, IsEmpty());
  // A node that is down takes no job, reserved or not.
  nodes[2].state = "DOWN";
  AddMaintenance(settings, nodes, Reservations(), shares);
  EXPECT_EQ(shares[1].maintenance.size(), 2U);
}

TEST(SlurmMaintenance, ExpandsListsOfHosts) {
  EXPECT_THAT(*ExpandHostList("n1"), ElementsAre("n1"));
  EXPECT_THAT(*ExpandHostList("n[08-10,3],login"), ElementsAre("n08", "n09", "n10", "n3", "login"));
  EXPECT_THAT(*ExpandHostList("r[1-2]n[1-2]"), testing::UnorderedElementsAre("r1n1", "r1n2", "r2n1", "r2n2"));
  EXPECT_THAT(*ExpandHostList(""), IsEmpty());
  for (const char* wrong : {"n[1-", "n[a-b]", "n[3-1]", "a,,b", "n[1-99999999999]"}) {
    EXPECT_FALSE(ExpandHostList(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace turnpike::slurm
