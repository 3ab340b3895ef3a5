# shellcheck shell=bash disable=SC2154
# Starting, watching and ending the daemons of a private Slurm cluster.  Part of slurm_cluster, whose variables it uses.

raise() {   # DAEMON: starts it and waits until it answers
  case $1 in
    munged)
      launch munged munged --foreground --force --num-threads=2 --socket="$dir/run/munge.socket" \
        --key-file="$dir/conf/munge.key" --pid-file="$dir/run/munged.pid" --seed-file="$dir/state/munge.seed"
      wait_until 20 munged "an answer" munge -n -S "$dir/run/munge.socket" ;;
    mariadbd)
      [ -d "$dir/db/mysql" ] || create_database
      launch mariadbd mariadbd --no-defaults --user=root --datadir="$dir/db" --socket="$dir/run/db.socket" \
        --pid-file="$dir/run/mariadbd.pid" --bind-address=127.0.0.1 --port=$((base_port + 2)) --skip-name-resolve \
        --innodb-buffer-pool-size=64M --innodb-log-file-size=16M --innodb-lock-wait-timeout=900 --innodb-doublewrite=0 \
        --innodb-flush-log-at-trx-commit=0 --performance-schema=0
      wait_until 60 mariadbd "its grants" grant_database ;;
    slurmdbd)
      launch slurmdbd slurmdbd -D
      wait_until 60 slurmdbd "an answer" register_cluster ;;
    slurmctld)
      launch slurmctld slurmctld -D -f "$dir/conf/slurm.conf"
      wait_until 60 slurmctld "an answer" timeout 5 scontrol ping ;;
    slurmd-*)
      mkdir -p "$dir/spool/${1#slurmd-}"
      launch "$1" slurmd -D -f "$dir/conf/slurm.conf" -N "${1#slurmd-}"
      wait_until 60 "$1" "its port" slurmd_listens "${1#slurmd-}" ;;
  esac
}

# The daemon in the foreground of a session of its own, with a clean environment and the caller's files closed: the pid
# noted is the daemon itself, and nothing of the caller's is held open by it.
launch() {   # DAEMON PROGRAM ARGUMENT...
  local daemon=$1 in_host=(); shift
  # shellcheck disable=SC2016
  [ "$in_namespace" = no ] || in_host=(unshare --uts sh -c 'hostname localhost && exec "$@"' sh)
  (
    cd /
    for fd in /proc/"$BASHPID"/fd/*; do
      fd=${fd##*/}
      [ "$fd" -le 2 ] || [ "$fd" -eq 255 ] || exec {fd}>&-
    done
    exec setsid env --ignore-environment --default-signal PATH="$PATH" SLURM_CONF="$dir/conf/slurm.conf" \
      ${in_host[@]+"${in_host[@]}"} "$@"
  ) </dev/null >>"$dir/log/$daemon.out" 2>&1 &
  echo "$! $(start_ticks $!)" >"$dir/daemons/$daemon"
}

create_database() {
  mariadb-install-db --no-defaults --datadir="$dir/db" --user=root --skip-test-db --auth-root-authentication-method=socket \
    --innodb-log-file-size=16M >"$dir/log/mariadb-install-db.out" 2>&1 ||
    { tail -n 10 "$dir/log/mariadb-install-db.out" >&2; fail "start $name: mariadb-install-db failed, see above"; }
}

grant_database() {
  mariadb --no-defaults --socket="$dir/run/db.socket" -e "
    CREATE DATABASE IF NOT EXISTS slurm_acct;
    CREATE USER IF NOT EXISTS 'slurm'@'127.0.0.1' IDENTIFIED BY 'slurm';
    GRANT ALL ON slurm_acct.* TO 'slurm'@'127.0.0.1';"
}

register_cluster() {
  local known
  known=$(timeout 10 sacctmgr -nP show cluster format=cluster) || return 1
  grep -qxF "$name" <<<"$known" || timeout 30 sacctmgr -iQ add cluster "$name"
}

slurmd_listens() { (exec 3<>"/dev/tcp/$address/$((base_port + 9 + ${1##*n}))"); }

nodes_are_up() { [ "$(sinfo -h -N -p main -o %T | grep -cxE 'idle|mixed|allocated')" -eq "$nodes" ]; }

wait_until() {   # SECONDS DAEMON WHAT COMMAND...
  local until=$((SECONDS + $1)) daemon=$2 what=$3; shift 3
  until "$@" >/dev/null 2>&1; do
    if [ "$(daemon_state "$daemon")" = gone ] || ((SECONDS >= until)); then
      tail -qn 10 "$dir/log/$daemon".* >&2 || true
      fail "$name: $daemon is $(daemon_state "$daemon") and did not give $what in time; the last lines of its log are above"
    fi
    sleep 0.03
  done
}

# pid and start time name a process for certain; a pid alone may be somebody else's by now.
start_ticks() {   # PID: its start time, or nothing when it is gone
  local stat fields
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
  read -ra fields <<<"${stat##*) }"
  [ "${fields[0]}" = Z ] || echo "${fields[19]}"
}

daemon_names() { ls "$dir/daemons"; }
daemon_pid() { local pid ticks; read -r pid ticks <"$dir/daemons/$1"; echo "$pid"; }

daemon_state() {   # running, paused or gone
  local pid ticks stat
  read -r pid ticks <"$dir/daemons/$1"
  if [ -z "$ticks" ] || [ "$(start_ticks "$pid")" != "$ticks" ]; then echo gone; return; fi
  { read -r stat <"/proc/$pid/stat"; } 2>/dev/null || { echo gone; return; }
  case ${stat##*) } in
    [Tt]*) echo paused ;;
    *) echo running ;;
  esac
}

# ---------------------------------------------------------------- the end

bring_down() {
  export SLURM_CONF=$dir/conf/slurm.conf
  local daemon
  for daemon in $(daemon_names); do
    [ "$(daemon_state "$daemon")" != paused ] || kill -CONT "$(daemon_pid "$daemon")"
  done
  cancel_jobs
  for daemon in $(daemon_names | grep '^slurmd-' || true); do end_daemon "$daemon"; done
  kill_job_processes
  for daemon in slurmctld slurmdbd mariadbd munged; do end_daemon "$daemon"; done
}

# Through Slurm first, so that slurmd itself clears up; what ignores SIGTERM is gone after --kill-wait.
cancel_jobs() {
  [ -e "$dir/daemons/slurmctld" ] && [ "$(daemon_state slurmctld)" = running ] || return 0
  local jobs until=$((SECONDS + 15))
  jobs=$(timeout 20 squeue -h -o %A 2>/dev/null | sort -u || true)
  [ -n "$jobs" ] || return 0
  # shellcheck disable=SC2086
  timeout 30 scancel --quiet $jobs >/dev/null 2>&1 || true
  while ((SECONDS < until)) && [ -n "$(timeout 10 squeue -h 2>/dev/null || true)" ]; do sleep 0.1; done
}

end_daemon() {
  [ -e "$dir/daemons/$1" ] || return 0
  local until=$((SECONDS + 20)) pid
  pid=$(daemon_pid "$1")
  [ "$(daemon_state "$1")" = gone ] || kill -TERM "$pid" 2>/dev/null || true
  while [ "$(daemon_state "$1")" != gone ]; do
    ((SECONDS < until)) || kill -KILL "$pid" 2>/dev/null || true
    sleep 0.03
  done
  rm -f "$dir/daemons/$1"
}

# What the jobs of a killed slurmd left: its step daemons with all that is below them, and processes that carry both this
# cluster's configuration and a job id in their environment.
kill_job_processes() {
  local environ pid
  for environ in $(grep -lszxF "SLURM_CONF=$dir/conf/slurm.conf" /proc/[0-9]*/environ || true); do
    pid=${environ#/proc/} pid=${pid%/environ}
    if grep -qsz '^slurmstepd: ' "/proc/$pid/cmdline" || grep -qsz '^SLURM_JOB_ID=' "$environ"; then
      kill_tree "$pid"
    fi
  done
}

kill_tree() {
  local child
  [ "$1" -ne "$$" ] || return 0
  kill -STOP "$1" 2>/dev/null || return 0   # So that it starts no further child meanwhile.
  # shellcheck disable=SC2013
  for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do kill_tree "$child"; done
  kill -KILL "$1" 2>/dev/null || true
}
