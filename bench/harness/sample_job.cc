#include "bench/harness/sample_job.h"

#include <fmt/format.h>

namespace turnpike {

v1::JobSpec SampleJob(int64_t number) {
  v1::JobSpec spec;
  spec.set_name("relaxation");
  spec.mutable_script()->set_content(
      fmt::format("#!/bin/bash\n"
                  "#SBATCH --ntasks=1 --cpus-per-task=4\n"
                  "module load gromacs/2024.1\n"
                  "input=frames/frame-{:08}.gro\n"
                  "output=relaxed/frame-{:08}.gro\n"
                  "srun gmx grompp -f relax.mdp -c \"$input\" -p topology.top -o run-{:08}.tpr\n"
                  "srun gmx mdrun -deffnm run-{:08} -nsteps 50000\n",
                  number, number, number, number));
  spec.mutable_script()->set_file_name("relax.sh");
  spec.mutable_script()->add_arguments(std::to_string(number));
  spec.mutable_resources()->set_nodes(1);
  spec.mutable_resources()->set_tasks(1);
  spec.mutable_resources()->set_cpus_per_task(4);
  spec.mutable_resources()->set_memory_per_cpu_mib(1024);
  spec.mutable_time_limit()->set_seconds(3600);
  for (const auto& [name, value] : {std::pair("GMX_MAXBACKUP", "-1"), std::pair("OMP_NUM_THREADS", "4"),
                                    std::pair("PROJECT_DATA", "/scratch/astro/relaxation/2026")}) {
    v1::EnvironmentVariable& variable = *spec.add_environment();
    variable.set_name(name);
    variable.set_value(value);
  }
  spec.set_working_directory("/scratch/astro/relaxation/2026/run");
  v1::Label& label = *spec.add_labels();
  label.set_key("campaign");
  label.set_value("relaxation-2026");
  return spec;
}

}  // namespace turnpike
