#include "broker/pg/log_rows.h"

namespace turnpike {
namespace {

constexpr char kDropLapsedWishes[] = R"sql(
    DELETE FROM log_wish AS w
     WHERE until < now() - interval '1 hour'
       AND NOT EXISTS (SELECT FROM attempt AS a WHERE a.attempt_id = w.attempt_id)
)sql";

constexpr char kDropOldVolumes[] = R"sql(
    DELETE FROM log_volume
     WHERE hour < now() - interval '1 day'
)sql";

}  // namespace

Status DropLapsedLogRows(Transaction& tx) {
  RETURN_IF_ERROR(tx.Execute(kDropLapsedWishes).status());
  return tx.Execute(kDropOldVolumes).status();
}

}  // namespace turnpike
