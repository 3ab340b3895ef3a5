# shellcheck shell=bash disable=SC2154
# The files that a private Slurm cluster reads.  Part of slurm_cluster, whose variables (name, dir, nodes, ...) it uses.

write_keys() {
  (umask 077; head -c 128 /dev/urandom >"$dir/conf/munge.key")
}

node_list() { if ((nodes == 1)); then echo "${name}n1"; else echo "${name}n[1-$nodes]"; fi; }

write_configuration() {
  local i
  : >"$dir/conf/plugstack.conf"
  # Nothing here uses cgroups, but slurmd looks for their version and gives up where none is mounted, unless told.
  echo "CgroupPlugin=cgroup/v1" >"$dir/conf/cgroup.conf"
  slurm_conf >"$dir/conf/slurm.conf"
  {
    echo "AutoDetect=off"
    ((gpus == 0)) || echo "NodeName=$(node_list) Name=gpu Type=fake File=$dir/dev/gpu[0-$((gpus - 1))]"
  } >"$dir/conf/gres.conf"
  # A pretended accelerator is a second name of /dev/null; each needs a file of its own.
  for ((i = 0; i < gpus; i++)); do mknod -m 666 "$dir/dev/gpu$i" c 1 3; done
  [ "$accounting" = no ] || (umask 077; slurmdbd_conf >"$dir/conf/slurmdbd.conf")
}

slurm_conf() {
  local line keys=' '
  for line in ${extra_lines[@]+"${extra_lines[@]}"}; do
    printf '%s\n' "$line"
    case ${line%%=*} in
      NodeName | PartitionName | DownNodes | NodeSet) ;;
      *) keys+="${line%%=*} " ;;
    esac
  done
  own_slurm_conf | while IFS= read -r line; do
    [[ $keys == *" ${line%%=*} "* ]] || printf '%s\n' "$line"
  done
}

own_slurm_conf() {
  local i gres=''
  cat <<CONF
ClusterName=$name
SlurmctldHost=$host($address)
SlurmctldPort=$base_port
SrunPortRange=$((base_port + 100))-$((base_port + ports_each - 1))
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/run/munge.socket
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/run/slurmctld.pid
SlurmdPidFile=$dir/run/slurmd-%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd-%n.log
SlurmctldDebug=info
SlurmdDebug=info
LogTimeFormat=iso8601_ms
PlugStackConfig=$dir/conf/plugstack.conf
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=5
SwitchType=switch/none
MpiDefault=none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,batch_sched_delay=0,max_array_tasks=10000
PriorityType=priority/multifactor
MaxJobCount=20000
MaxArraySize=10001
MinJobAge=$min_job_age
KillWait=$kill_wait
CompleteWait=0
SlurmctldTimeout=30
SlurmdTimeout=$node_timeout
MessageTimeout=$message_timeout
ReturnToService=2
RebootProgram=/bin/true
JobCompType=jobcomp/none
CONF
  if [ "$accounting" = yes ]; then
    # Connections to slurmdbd ignore AuthInfo: without a socket here they would wait for the machine's own munged.
    cat <<CONF
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=$address
AccountingStoragePort=$((base_port + 1))
AccountingStoragePass=socket=$dir/run/munge.socket
AccountingStoreFlags=job_comment,job_env,job_script
CONF
    ((gpus == 0)) || echo "AccountingStorageTRES=gres/gpu"
  else
    echo "AccountingStorageType=accounting_storage/none"
  fi
  ((gpus == 0)) || { echo "GresTypes=gpu"; gres=" Gres=gpu:fake:$gpus"; }
  for ((i = 1; i <= nodes; i++)); do
    echo "NodeName=${name}n$i NodeHostname=$host NodeAddr=$address Port=$((base_port + 9 + i)) CPUs=$cpus RealMemory=$memory$gres"
  done
  echo "PartitionName=main Nodes=$(node_list) Default=YES State=UP DefaultTime=60 MaxTime=INFINITE DefMemPerCPU=64"
  echo "PartitionName=short Nodes=$(node_list) State=UP DefaultTime=1 MaxTime=5 DefMemPerCPU=64 PriorityTier=10"
}

slurmdbd_conf() {
  cat <<CONF
AuthType=auth/munge
AuthInfo=socket=$dir/run/munge.socket
DbdHost=localhost
DbdAddr=$address
DbdPort=$((base_port + 1))
CommunicationParameters=NoInAddrAny
SlurmUser=root
DebugLevel=info
LogFile=$dir/log/slurmdbd.log
PidFile=$dir/run/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$((base_port + 2))
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_acct
CONF
}
