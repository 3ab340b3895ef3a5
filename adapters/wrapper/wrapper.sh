#!/bin/sh
# shellcheck disable=SC2154  # the tp_ names come from the file `settings`
# The batch script that every scheduler gets.  It takes the attempt's start guard, runs the user's program as the
# scheduler itself would have, hands signals on to it, and leaves a record of its start and of its end in the
# attempt's folder.
#
# POSIX sh, for dash and bash alike.  Turnpike puts one assignment under the first line: tp_directory, the attempt's
# folder. The rest is in that folder's file `settings`.  Its own exit codes: 86, somebody else has the guard; 87, the
# folder cannot be used, so nothing was started.

tp_umask=$(umask)
umask 077
tp_job=${SLURM_JOB_ID:-${PBS_JOBID:-${LSB_JOBID:-${TURNPIKE_LOCAL_JOB_ID:-${JOB_ID:--}}}}}

tp_fail() {
  printf 'turnpike: %s (attempt folder %s)\n' "$1" "$tp_directory" >&2
  exit 87
}

# Hands a signal on to the program, whose number is in the file `program`.  One that comes before goes into the file
# `early`, which the program looks into after it has left its number: whichever comes second sees the other.
tp_hand_on() {
  tp_program=
  [ ! -f program ] || IFS= read -r tp_program <program
  [ -n "$tp_program" ] && kill -s "$1" "$tp_program"
}
tp_signal() {
  tp_hand_on "$1" 2>/dev/null && return
  printf '%s\n' "$1" >>early
  tp_hand_on "$1" 2>/dev/null
}

# --- The attempt's folder and settings.  The settings set the positional parameters to the program and its arguments.

cd "${tp_directory:?}" 2>/dev/null || tp_fail 'the folder is not there'
[ -r ./settings ] || tp_fail 'its settings cannot be read'
tp_complete=
. ./settings
[ "$tp_complete" = yes ] || tp_fail 'its settings are cut off'
PATH=${tp_path:-/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin}
export PATH

# --- The start guard: link a private file to its name, then believe only what the name holds.

tp_host=$(uname -n)
tp_start=$(date +%s)
tp_nonce=
if [ -r /proc/sys/kernel/random/uuid ]; then
  IFS= read -r tp_nonce </proc/sys/kernel/random/uuid
fi
tp_maker="wrapper $tp_tag $tp_host $$ $tp_job $tp_start $tp_nonce"
tp_private="maker.$tp_host.$$.$tp_start.$tp_nonce"
set -C
{ printf '%s\n' "$tp_maker" >"$tp_private"; } 2>/dev/null || tp_fail 'it cannot be written to'
set +C
sync "$tp_private" 2>/dev/null
ln "$tp_private" "$tp_guard" 2>/dev/null
sync . 2>/dev/null
tp_holder=
{ IFS= read -r tp_holder <"$tp_guard"; } 2>/dev/null || tp_fail 'the start guard can neither be taken nor read'
if [ "$tp_holder" != "$tp_maker" ]; then
  printf 'turnpike: not started a second time: the start guard is held by: %s\n' "$tp_holder" >&2
  rm -f "$tp_private"
  exit 86
fi
rm -f "$tp_private"

# Only now: before, the file `program` would be another start's.
for tp_name in TERM INT HUP USR1 USR2 CONT TSTP; do
  # shellcheck disable=SC2064
  trap "tp_signal $tp_name" "$tp_name"
done

# --- Records: written aside, with a checksum, synced, then named.  A signal may hit a tool that is at work, so it is
# tried again.

tp_write() {
  printf '%s' "$2" >"$1.new" && tp_sum=$(cksum <"$1.new") && printf 'cksum %s\n' "$tp_sum" >>"$1.new" &&
    { sync "$1.new" 2>/dev/null || :; } && mv -f "$1.new" "$1" && { sync . 2>/dev/null || :; }
}
tp_record() {
  tp_write "$1" "$2" || tp_write "$1" "$2" || tp_write "$1" "$2"
}
tp_head="tag $tp_tag
host $tp_host
job $tp_job
"
tp_record start "turnpike-start 1
${tp_head}start $tp_start
" || tp_fail 'the start record cannot be written'

# --- What the program finds around it: the local user's basics, and the names that the user gave.

HOME=$tp_home USER=$tp_user LOGNAME=$tp_user SHELL=$tp_shell
export HOME USER LOGNAME SHELL
unset SLURM_EXPORT_ENV
# Slurm itself leaves this one out where the submission passed no environment.
[ -z "${SLURM_JOB_NAME+set}${SLURM_JOB_ID+set}" ] || SLURM_JOB_NAME=$tp_display_name
[ -z "${SLURM_JOB_NAME+set}" ] || export SLURM_JOB_NAME
[ -z "${PBS_JOBNAME+set}" ] || PBS_JOBNAME=$tp_display_name
[ -z "${LSB_JOBNAME+set}" ] || LSB_JOBNAME=$tp_display_name
[ -z "${SLURM_SUBMIT_DIR+set}" ] || SLURM_SUBMIT_DIR=$tp_work
[ -z "${PBS_O_WORKDIR+set}" ] || PBS_O_WORKDIR=$tp_work
[ -z "${LS_SUBCWD+set}" ] || LS_SUBCWD=$tp_work

# --- The launcher: a shell that begins as the share says (login, the site's file, or plain), takes the job's
# variables and becomes the program.  Until then its output goes to launch.log, so that a talkative profile stays out
# of the job's own.

tp_prepare='exec 1>&3 2>&4 3>&- 4>&-
. "$TURNPIKE_LAUNCH_FOLDER/environment"
cd -- "$TURNPIKE_LAUNCH_WORK" || {
  printf "turnpike: the working directory %s cannot be entered\n" "$TURNPIKE_LAUNCH_WORK" >&2
  exit 1
}
unset TURNPIKE_LAUNCH_FOLDER TURNPIKE_LAUNCH_WORK TURNPIKE_LAUNCH_FILE
'
# shellcheck disable=SC2016
[ "$tp_mode" != init-file ] || tp_prepare='. "$TURNPIKE_LAUNCH_FILE"
'$tp_prepare
TURNPIKE_LAUNCH_FOLDER=$tp_directory TURNPIKE_LAUNCH_WORK=$tp_work TURNPIKE_LAUNCH_FILE=$tp_init_file
export TURNPIKE_LAUNCH_FOLDER TURNPIKE_LAUNCH_WORK TURNPIKE_LAUNCH_FILE

# A shell that cannot inherit functions (dash) must itself read the profile, or `module` would be unknown in the script.
tp_reads_itself=no
if [ "$tp_mode" != clean ] && [ "$tp_plain_script" = yes ]; then
  case ${1##*/} in
    sh | dash | ash) "$1" -c '[ -z "$BASH_VERSION" ]' 2>/dev/null && tp_reads_itself=yes ;;
  esac
fi
if [ "$tp_reads_itself" = yes ]; then
  tp_interpreter=$1
  shift
  # shellcheck disable=SC2016
  set -- -c "$tp_prepare"'. "$0"' "$@"
else
  tp_interpreter=$(command -v bash || command -v sh)
  # shellcheck disable=SC2016
  set -- -c "$tp_prepare"'exec "$@"' turnpike "$@"
fi
[ "$tp_mode" != login ] || set -- -l "$@"
set -- "$tp_interpreter" "$@"

# A shell starts what it puts into the background with SIGINT and SIGQUIT ignored, and cannot undo that itself.
if env --default-signal=INT,QUIT true 2>/dev/null; then
  set -- env --default-signal=INT,QUIT "$@"
elif perl -e 1 2>/dev/null; then
  # shellcheck disable=SC2016
  set -- perl -e '$SIG{INT} = $SIG{QUIT} = "DEFAULT"; exec {$ARGV[0]} @ARGV; exit 127' -- "$@"
elif python3 -c 1 2>/dev/null; then
  set -- python3 -c 'import os, signal, sys
for name in ("SIGINT", "SIGQUIT", "SIGPIPE", "SIGXFSZ"):
    signal.signal(getattr(signal, name), signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' "$@"
fi

# What becomes the program leaves its number first.
# shellcheck disable=SC2016
set -- sh -c 'printf "%s\n" $$ >program
[ ! -f early ] || while IFS= read -r name; do kill -s "$name" $$; done <early
umask "$1"
shift
exec "$@"' sh "$tp_umask" "$@"

# The runner: waits for the program and writes down how it ended.  Signals to the whole group reach it too; it catches
# them, so that it lives on while the program, which inherits no catching, has them as they are by default.  The
# wrapper itself must not wait for the program: a wait that a signal breaks off can lose the program's status, in bash
# at least.
(
  trap : TERM INT HUP USR1 USR2 CONT TSTP
  exec 3>&1 4>&2 >launch.log 2>&1
  "$@"
  printf '%s\n' "$?" >status
) </dev/null &
tp_runner=$!

# --- Until it is over.

exec 5>&2 2>/dev/null
while kill -s 0 "$tp_runner"; do
  wait "$tp_runner"
  [ $? -ne 127 ] || break
done
tp_status=
[ ! -f status ] || IFS= read -r tp_status <status
if [ -z "$tp_status" ]; then
  printf 'turnpike: the runner was killed, so nobody knows how the program ended\n' >&5
  exit 137
fi

tp_user_time='' tp_child_time=''
times >times.new && { IFS= read -r tp_user_time && IFS= read -r tp_child_time; } <times.new
rm -f times.new
tp_record exit "turnpike-exit 1
${tp_head}status $tp_status
start $tp_start
end $(date +%s)
times $tp_user_time $tp_child_time
" || printf 'turnpike: the exit record cannot be written to %s\n' "$tp_directory" >&5
exit "$tp_status"
