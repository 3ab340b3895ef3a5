/* Makes a fast disk slow: preloaded into PostgreSQL, it lets no fsync or fdatasync return earlier than so many
   microseconds after it began.  The number lies in a file that the bench changes while the server runs, as an int32
   that every process maps: TURNPIKE_SLOW_SYNC_FILE.  0, or no such file: as the disk is. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef int (*sync_function)(int);

static volatile const int32_t* delay_micros;

__attribute__((constructor)) static void map_delay(void) {
  const char* path = getenv("TURNPIKE_SLOW_SYNC_FILE");
  int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return;
  }
  void* mapped = mmap(NULL, sizeof(int32_t), PROT_READ, MAP_SHARED, file, 0);
  delay_micros = mapped == MAP_FAILED ? NULL : mapped;
  close(file);
}

static int slowed(sync_function real, int file) {
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  int result = real(file);
  int error = errno;
  int64_t micros = delay_micros == NULL ? 0 : *delay_micros;
  if (micros > 0) {
    end.tv_nsec += micros % 1000000 * 1000;
    end.tv_sec += micros / 1000000 + end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR) {
    }
  }
  errno = error;
  return result;
}

int fsync(int file) {
  static sync_function real;
  if (real == NULL) {
    real = (sync_function)dlsym(RTLD_NEXT, "fsync");
  }
  return slowed(real, file);
}

int fdatasync(int file) {
  static sync_function real;
  if (real == NULL) {
    real = (sync_function)dlsym(RTLD_NEXT, "fdatasync");
  }
  return slowed(real, file);
}
