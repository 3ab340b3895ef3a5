/* turnpike-slurm-submit COUNT SCRIPT: submits one job after the other through Slurm's own C library, as a program does that
   does not want to start sbatch for each.  Exit status 0: the controller has accepted all of them. */

#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const size_t kScriptBytesMax = 1 << 20;

static char *ReadScript(const char *path) {
  char *script = calloc(1, kScriptBytesMax + 1);
  FILE *file = fopen(path, "r");
  if (script == NULL || file == NULL || fread(script, 1, kScriptBytesMax, file) == 0) {
    fprintf(stderr, "turnpike-slurm-submit: cannot read %s\n", path);
    exit(1);
  }
  fclose(file);
  return script;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: turnpike-slurm-submit COUNT SCRIPT\n");
    return 2;
  }
  char *environment[] = {"GMX_MAXBACKUP=-1", "OMP_NUM_THREADS=4", "PROJECT_DATA=/scratch/astro/relaxation/2026", NULL};
  char *script = ReadScript(argv[2]);
  slurm_init(NULL);
  for (long left = strtol(argv[1], NULL, 10); left > 0; --left) {
    job_desc_msg_t job;
    slurm_init_job_desc_msg(&job);
    job.name = "relaxation";
    job.script = script;
    job.environment = environment;
    job.env_size = 3;
    job.work_dir = "/tmp";
    job.time_limit = 60;
    job.min_nodes = 1;
    job.min_cpus = 4;
    job.cpus_per_task = 4;
    job.user_id = getuid();
    job.group_id = getgid();
    submit_response_msg_t *response = NULL;
    if (slurm_submit_batch_job(&job, &response) != SLURM_SUCCESS) {
      slurm_perror("turnpike-slurm-submit: a job was not accepted");
      return 1;
    }
    slurm_free_submit_response_response_msg(response);
  }
  slurm_fini();
  free(script);
  return 0;
}
