#include "base/error_reason.h"
#include "broker/pg/pg_site_store.h"
#include "broker/pg/site_rows.h"

namespace turnpike {
namespace {

// The token and its site, held until the transaction ends: of two that race for one token, the second sees what the
// first did.  A lost answer is given again for ten minutes.  $1 digest.
constexpr char kLockToken[] = R"sql(
    SELECT s.site_id, s.name, s.agent, s.state, t.used_at IS NOT NULL, t.expires_at <= now(),
           coalesce(now() <= t.used_at + interval '10 minutes', false), coalesce(t.public_key_hash, ''),
           coalesce(t.certificate_pem, '')
      FROM enrollment_token AS t
      JOIN site AS s
        ON s.site_id = t.site_id
     WHERE t.token_hash = $1
       FOR NO KEY UPDATE
)sql";

// $1 digest, $2 digest of the key, $3 certificate.
constexpr char kUseToken[] = R"sql(
    UPDATE enrollment_token
       SET used_at = now(),
           public_key_hash = $2,
           certificate_pem = $3
     WHERE token_hash = $1
)sql";

// $1 serial, $2 site, $3 when it ends.
constexpr char kInsertCertificate[] = R"sql(
    INSERT INTO site_certificate (serial, site_id, not_after)
    VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING
)sql";

// A site that drains goes on draining.  $1 site, $2 its agent, $3 state before, $4 state after.
constexpr char kActivate[] = R"sql(
    UPDATE site
       SET agent = $2,
           state = CASE WHEN state = $3 THEN $4 ELSE state END
     WHERE site_id = $1
)sql";

// The first reason stays.  $1 site, $2 state, $3 reason.
constexpr char kQuarantine[] = R"sql(
    UPDATE site
       SET state = $2,
           state_reason = $3
     WHERE site_id = $1
       AND state <> $2
)sql";

constexpr char kStolenTokenReason[] = "a used enrollment token came again with another key: it may be stolen";

struct TokenStanding {
  EnrolledSite site;  // with the certificate, once used
  SiteState state = SiteState::kRegistered;
  bool used = false;
  bool ended = false;
  bool just_used = false;
  bool same_key = false;
};

enum class TokenVerdict { kIssue, kGiveAgain, kRefuse, kShutOut };

TokenVerdict Judge(const TokenStanding& token) {
  if (token.used && !token.same_key) {
    return TokenVerdict::kShutOut;
  }
  if (token.state == SiteState::kQuarantined) {
    return TokenVerdict::kRefuse;
  }
  if (token.used) {
    return token.just_used ? TokenVerdict::kGiveAgain : TokenVerdict::kRefuse;
  }
  return token.ended ? TokenVerdict::kRefuse : TokenVerdict::kIssue;
}

TokenStanding StandingOf(const Rows& rows, const Enrollment& enrollment) {
  TokenStanding token;
  token.site.site_id = rows.Id<SiteId>(0, 0);
  token.site.name = rows.Text(0, 1);
  token.site.agent = rows.Int(0, 2);
  token.state = ParseSiteState(rows.Text(0, 3)).value_or(SiteState::kQuarantined);
  token.used = rows.Bool(0, 4);
  token.ended = rows.Bool(0, 5);
  token.just_used = rows.Bool(0, 6);
  token.same_key = token.used && EqualInConstantTime(rows.Bytes(0, 7), AsBytes(enrollment.public_key_hash));
  if (token.used) {
    token.site.certificate_pem = rows.Text(0, 8);
  }
  return token;
}

// One answer for unknown, ended and used tokens and for sites that are shut out: whoever tries tokens learns nothing.
Status Refused() {
  return WithReason(
      PermissionDenied("the enrollment token is unknown, ended or used, or its site is shut out; ask the federation's "
                       "operator for a new one"),
      ErrorReason::kEnrollmentRefused);
}

Status RefusedAndShutOut(const std::string& site) {
  return WithReason(PermissionDenied("the enrollment token was used before with another key, so site {} is shut out "
                                     "until the federation's operator has looked into it",
                                     site),
                    ErrorReason::kEnrollmentRefused, {{"site", site}, {"state", "QUARANTINED"}});
}

Status InsertCertificate(Transaction& tx, const CertificateRecord& certificate) {
  const Params params =
      std::move(Params().Text(certificate.serial).Id(certificate.site_id).Time(certificate.not_after));
  ASSIGN_OR_RETURN(const Rows inserted, tx.Execute(kInsertCertificate, params));
  if (inserted.affected() == 0) {
    return WithReason(AlreadyExists("certificate {} is recorded already", certificate.serial),
                      ErrorReason::kAlreadyExists, {{"serial", certificate.serial}});
  }
  return OkStatus();
}

Status Issue(Transaction& tx, const Enrollment& enrollment, const SiteStore::IssueCertificate& issue,
             EnrolledSite& site) {
  ++site.agent;
  ASSIGN_OR_RETURN(const auto issued, issue(site));
  const auto& [certificate, pem] = issued;
  RETURN_IF_ERROR(InsertCertificate(tx, certificate));
  const Params use =
      std::move(Params().Bytes(AsBytes(enrollment.token_hash)).Bytes(AsBytes(enrollment.public_key_hash)).Text(pem));
  const Params activate = std::move(Params()
                                        .Id(site.site_id)
                                        .Int(site.agent)
                                        .Text(SiteStateName(SiteState::kRegistered))
                                        .Text(SiteStateName(SiteState::kActive)));
  const Statement statements[] = {{kUseToken, &use}, {kActivate, &activate}};
  RETURN_IF_ERROR(tx.ExecuteAll(statements).status());
  site.certificate_pem = pem;
  return OkStatus();
}

Status ShutOut(Transaction& tx, SiteId site_id) {
  const Params params =
      std::move(Params().Id(site_id).Text(SiteStateName(SiteState::kQuarantined)).Text(kStolenTokenReason));
  return tx.Execute(kQuarantine, params).status();
}

}  // namespace

// A refusal that shuts the site out is no error of the transaction: what it did to the site is committed.
Result<EnrolledSite> PgSiteStore::Enroll(const Enrollment& enrollment, const IssueCertificate& issue) {
  EnrolledSite site;
  Status refusal;
  const Status done = transactions_.Run({}, [&](Transaction& tx) -> Status {
    refusal = OkStatus();
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kLockToken, Params().Bytes(AsBytes(enrollment.token_hash))));
    if (rows.empty()) {
      return Refused();
    }
    const TokenStanding token = StandingOf(rows, enrollment);
    site = token.site;
    switch (Judge(token)) {
      case TokenVerdict::kIssue:
        return Issue(tx, enrollment, issue, site);
      case TokenVerdict::kGiveAgain:
        return OkStatus();
      case TokenVerdict::kRefuse:
        return Refused();
      case TokenVerdict::kShutOut:
        refusal = RefusedAndShutOut(site.name);
        return ShutOut(tx, site.site_id);
    }
    __builtin_unreachable();
  });
  RETURN_IF_ERROR(done);
  RETURN_IF_ERROR(refusal);
  return site;
}

Status PgSiteStore::RecordCertificate(const CertificateRecord& certificate) {
  return transactions_.Run({}, [&](Transaction& tx) -> Status { return InsertCertificate(tx, certificate); });
}

Result<SiteRecord> PgSiteStore::Admit(const AgentIdentity& agent) {
  SiteRecord site;
  const Status done = transactions_.Run({.read_only = true}, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(site, ReadSite(tx, agent.site));
    if (site.state == SiteState::kQuarantined) {
      return PermissionDenied("site {} is shut out: {}; the federation's operator decides when it may come back",
                              site.name, site.state_reason);
    }
    if (agent.agent != site.agent) {
      return PermissionDenied(
          "agent {} of site {} is admitted no more, since agent {} enrolled after it; enroll again "
          "with a new token to replace that one",
          agent.agent, site.name, site.agent);
    }
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return site;
}

}  // namespace turnpike
