#include "broker/pg/network_rows.h"

#include <chrono>

namespace turnpike {
namespace {

// What was not measured since stays as it was.  $1 site, $2 epoch, $3 number, $4 probe address, $5 shortest, $6 median,
// $7 samples, $8 bytes a second.
constexpr char kWriteSiteNetwork[] = R"sql(
    INSERT INTO site_network AS n (site_id, epoch, number, probe_address, shortest_us, median_us, samples, round_trip_at,
                                   upload_bytes_per_second, upload_at, reported_at)
    SELECT $1, $2, $3, $4, $5, $6, $7, CASE WHEN $6 IS NOT NULL THEN now() END, $8, CASE WHEN $8 IS NOT NULL THEN now() END, now()
     WHERE EXISTS (SELECT FROM site_session WHERE site_id = $1 AND epoch = $2)
        ON CONFLICT (site_id) DO UPDATE
       SET epoch = $2,
           number = $3,
           probe_address = $4,
           shortest_us = coalesce($5, n.shortest_us),
           median_us = coalesce($6, n.median_us),
           samples = coalesce($7, n.samples),
           round_trip_at = CASE WHEN $6 IS NULL THEN n.round_trip_at ELSE now() END,
           upload_bytes_per_second = coalesce($8, n.upload_bytes_per_second),
           upload_at = CASE WHEN $8 IS NULL THEN n.upload_at ELSE now() END,
           reported_at = now()
     WHERE (n.epoch, n.number) < ($2, $3)
)sql";

// The site's own name and unknown ones are left out, and of a name that is there twice the first counts.  $1 site,
// $2 names, $3 shortest, $4 median, $5 samples (0: nothing answered), $6 ages in microseconds.
constexpr char kWritePairs[] = R"sql(
    INSERT INTO site_round_trip (from_site_id, to_site_id, shortest_us, median_us, samples, measured_at, stored_at)
    SELECT DISTINCT ON (s.site_id) $1, s.site_id, nullif(m.shortest_us, 0), nullif(m.median_us, 0), nullif(m.samples, 0),
           now() - m.age_us * interval '1 microsecond', now()
      FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) WITH ORDINALITY
           AS m(name, shortest_us, median_us, samples, age_us, place)
      JOIN site AS s
        ON s.name = m.name
     WHERE s.site_id <> $1
     ORDER BY s.site_id, m.place
        ON CONFLICT (from_site_id, to_site_id) DO UPDATE
       SET shortest_us = excluded.shortest_us,
           median_us = excluded.median_us,
           samples = excluded.samples,
           measured_at = excluded.measured_at,
           stored_at = excluded.stored_at
)sql";

// $1 site, $2 how many.
constexpr char kProbeTargets[] = R"sql(
    SELECT s.name, n.probe_address
      FROM site_network AS n
      JOIN site AS s
        ON s.site_id = n.site_id
     WHERE n.site_id <> $1
       AND n.probe_address <> ''
       AND s.state IN ('ACTIVE', 'DRAINING')
       AND n.reported_at > now() - interval '1 hour'
     ORDER BY md5(n.site_id::text || $1::text), s.name
     LIMIT $2
)sql";

// $1 from then on, or NULL for all.
constexpr char kReadRoundTrips[] = R"sql(
    SELECT from_site_id, to_site_id, shortest_us, median_us, samples, measured_at, stored_at
      FROM site_round_trip
     WHERE $1::timestamptz IS NULL
        OR stored_at >= $1
     ORDER BY from_site_id, to_site_id
)sql";

std::optional<int64_t> MicrosIf(const std::optional<RoundTrip>& round_trip,
                                std::chrono::microseconds RoundTrip::*which) {
  return round_trip ? std::optional<int64_t>(((*round_trip).*which).count()) : std::nullopt;
}

std::optional<RoundTrip> RoundTripAt(const Rows& rows, int row, int column) {
  if (rows.IsNull(row, column)) {
    return std::nullopt;
  }
  return RoundTrip{.shortest = std::chrono::microseconds(rows.Int(row, column)),
                   .median = std::chrono::microseconds(rows.Int(row, column + 1)),
                   .samples = static_cast<int32_t>(rows.Int(row, column + 2))};
}

Status WritePairs(Transaction& tx, const NetworkMeasured& measured) {
  std::vector<std::string> names;
  std::vector<int64_t> shortest;
  std::vector<int64_t> medians;
  std::vector<int64_t> samples;
  std::vector<int64_t> ages;
  for (const NetworkMeasured::Pair& pair : measured.pairs) {
    const RoundTrip round_trip = pair.round_trip.value_or(RoundTrip{});
    names.push_back(pair.site);
    shortest.push_back(round_trip.shortest.count());
    medians.push_back(round_trip.median.count());
    samples.push_back(round_trip.samples);
    ages.push_back(pair.age.count());
  }
  Params params;
  params.Id(measured.site_id).TextArray(std::span<const std::string>(names));
  params.IntArray(shortest).IntArray(medians).IntArray(samples).IntArray(ages);
  return tx.Execute(kWritePairs, params).status();
}

}  // namespace

const char* const kReadSiteNetworks = R"sql(
    SELECT site_id, shortest_us, median_us, samples, round_trip_at, coalesce(upload_bytes_per_second, 0), upload_at,
           probe_address
      FROM site_network
     WHERE site_id = ANY($1)
     ORDER BY site_id
)sql";

Status WriteNetwork(Transaction& tx, const NetworkMeasured& measured) {
  Params params;
  params.Id(measured.site_id).Int(measured.epoch).Int(measured.number).Text(measured.probe_address);
  params.OptionalInt(MicrosIf(measured.broker, &RoundTrip::shortest));
  params.OptionalInt(MicrosIf(measured.broker, &RoundTrip::median));
  params.OptionalInt(measured.broker ? std::optional<int64_t>(measured.broker->samples) : std::nullopt);
  params.OptionalInt(measured.upload_bytes_per_second);
  ASSIGN_OR_RETURN(const Rows written, tx.Execute(kWriteSiteNetwork, params));
  if (written.affected() == 0 || measured.pairs.empty()) {
    return OkStatus();
  }
  return WritePairs(tx, measured);
}

Result<std::vector<ProbeTarget>> ReadProbeTargets(Transaction& tx, SiteId site_id) {
  ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kProbeTargets, Params().Id(site_id).Int(kProbeTargetsMax)));
  std::vector<ProbeTarget> targets;
  for (int row = 0; row < rows.size(); ++row) {
    targets.push_back({.site = std::string(rows.Text(row, 0)), .address = std::string(rows.Text(row, 1))});
  }
  return targets;
}

SiteNetworkRecord NetworkAt(const Rows& rows, int row, int column) {
  return {.broker = RoundTripAt(rows, row, column),
          .broker_at = rows.OptionalTime(row, column + 3),
          .upload_bytes_per_second = rows.Int(row, column + 4),
          .upload_at = rows.OptionalTime(row, column + 5),
          .probe_address = std::string(rows.Text(row, column + 6))};
}

Result<std::vector<StoredRoundTrip>> ReadRoundTrips(Transaction& tx, std::optional<Timestamp> since) {
  ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kReadRoundTrips, Params().OptionalTime(since)));
  std::vector<StoredRoundTrip> stored;
  for (int row = 0; row < rows.size(); ++row) {
    stored.push_back({.pair = {.from = rows.Id<SiteId>(row, 0),
                               .to = rows.Id<SiteId>(row, 1),
                               .round_trip = RoundTripAt(rows, row, 2),
                               .measured_at = rows.Time(row, 5)},
                      .stored_at = rows.Time(row, 6)});
  }
  return stored;
}

}  // namespace turnpike
