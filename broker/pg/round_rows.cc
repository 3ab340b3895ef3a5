#include "broker/pg/round_rows.h"

#include "base/log.h"

namespace turnpike {
namespace {

// $1 time, $2 epoch, $3 number, $4 policy, $5 waiting, $6 placed, $7 input, $8 plan, $9 the round, or NULL: a new one,
// $10 piece.
constexpr char kInsertRound[] = R"sql(
    INSERT INTO placement_round (at, lease_epoch, number, policy_version, waiting, placed, input, plan, round, piece)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9, nextval('placement_round_seq')), $10)
 RETURNING round
)sql";

// What could not be done, and why.  $1 days.
constexpr char kKeepPartitions[] = R"sql(
    SELECT keep_round_partitions($1::integer)
)sql";

// $1 round.
constexpr char kChainStart[] = R"sql(
    SELECT coalesce((SELECT max(round) FROM placement_round WHERE number = 0 AND round <= $1),
                    (SELECT min(round) FROM placement_round WHERE number = 0),
                    0)
)sql";

// A few at a time, so that no transaction is open for long.  $1 first, $2 last.
constexpr char kReadRounds[] = R"sql(
    SELECT round, at, lease_epoch, number, policy_version, waiting, placed, input, plan
      FROM placement_round
     WHERE round >= $1
       AND round <= (SELECT max(round)
                       FROM (SELECT round
                               FROM placement_round
                              WHERE round >= $1
                                AND round <= $2
                                AND piece = 0
                              ORDER BY round
                              LIMIT 100) AS page)
     ORDER BY round, piece
)sql";

// Of an input: the connection keeps a buffer as large as the largest statement that it ever sent.
constexpr size_t kPieceMax = size_t{1} << 20U;

const TransactionSettings kReading{.projects = {}, .site = {}, .read_only = true};

Params HeadOf(const RoundRecord& record) {
  Params params;
  params.Time(record.at).Int(record.lease_epoch).Int(record.number).Int(record.policy_version);
  params.Int(record.waiting).Int(record.placed);
  return params;
}

StoredRound RoundAt(const Rows& rows, int row) {
  return {.round = rows.Int(row, 0),
          .record = {.lease_epoch = rows.Int(row, 2),
                     .number = rows.Int(row, 3),
                     .at = rows.Time(row, 1),
                     .policy_version = rows.Int(row, 4),
                     .waiting = rows.Int(row, 5),
                     .placed = rows.Int(row, 6),
                     .input = std::string(rows.Bytes(row, 7)),
                     .plan = std::string(rows.Bytes(row, 8))}};
}

}  // namespace

Status WriteRound(Transaction& tx, const RoundRecord& record) {
  const std::string_view input = record.input;
  Params whole = HeadOf(record);
  whole.Bytes(input.substr(0, kPieceMax)).Bytes(record.plan).OptionalInt({}).Int(0);
  if (input.size() <= kPieceMax) {
    tx.Defer(kInsertRound, std::move(whole));
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const Rows first, tx.Execute(kInsertRound, whole));
  int64_t piece = 0;
  for (size_t from = kPieceMax; from < input.size(); from += kPieceMax) {
    Params rest = HeadOf(record);
    rest.Bytes(input.substr(from, kPieceMax)).Bytes("").Int(first.Int(0, 0)).Int(++piece);
    RETURN_IF_ERROR(tx.Execute(kInsertRound, rest).status());
  }
  return OkStatus();
}

Status KeepRounds(Transaction& tx, std::chrono::days kept) {
  ASSIGN_OR_RETURN(const Rows left, tx.Execute(kKeepPartitions, Params().Int(kept.count())));
  for (int row = 0; row < left.size(); ++row) {
    LogWarn("a partition of recorded rounds could not be made or dropped; it is tried again in 12 hours",
            {{"partition", std::string(left.Text(row, 0))}});
  }
  return OkStatus();
}

Result<int64_t> ChainStartOf(TransactionRunner& transactions, int64_t round) {
  int64_t start = 0;
  RETURN_IF_ERROR(transactions.Run(kReading, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kChainStart, Params().Int(round)));
    start = rows.Int(0, 0);
    return OkStatus();
  }));
  return start;
}

Result<std::vector<StoredRound>> ReadRounds(TransactionRunner& transactions, const RoundRange& range) {
  std::vector<StoredRound> rounds;
  RETURN_IF_ERROR(transactions.Run(kReading, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kReadRounds, Params().Int(range.from).Int(range.to)));
    rounds.clear();
    for (int row = 0; row < rows.size(); ++row) {
      if (!rounds.empty() && rounds.back().round == rows.Int(row, 0)) {
        rounds.back().record.input += rows.Bytes(row, 7);
      } else {
        rounds.push_back(RoundAt(rows, row));
      }
    }
    return OkStatus();
  }));
  return rounds;
}

}  // namespace turnpike
