/* Makes a disk full: preloaded into PostgreSQL, it lets no write make a file longer while the file is there that
   TURNPIKE_FULL_DISK names.  What is written in place goes through, as on a real disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int has_room(int file, off_t end) {
  const char* full = getenv("TURNPIKE_FULL_DISK");
  struct stat stat;
  return full == NULL || access(full, F_OK) != 0 || fstat(file, &stat) != 0 || !S_ISREG(stat.st_mode) ||
         end <= stat.st_size;
}

ssize_t pwrite(int file, const void* bytes, size_t count, off_t offset) {
  static ssize_t (*real)(int, const void*, size_t, off_t);
  if (real == NULL) {
    real = (ssize_t(*)(int, const void*, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
  }
  if (!has_room(file, offset + (off_t)count)) {
    errno = ENOSPC;
    return -1;
  }
  return real(file, bytes, count, offset);
}

ssize_t pwritev(int file, const struct iovec* parts, int count, off_t offset) {
  static ssize_t (*real)(int, const struct iovec*, int, off_t);
  if (real == NULL) {
    real = (ssize_t(*)(int, const struct iovec*, int, off_t))dlsym(RTLD_NEXT, "pwritev");
  }
  off_t end = offset;
  for (int i = 0; i < count; ++i) {
    end += (off_t)parts[i].iov_len;
  }
  if (!has_room(file, end)) {
    errno = ENOSPC;
    return -1;
  }
  return real(file, parts, count, offset);
}

int posix_fallocate(int file, off_t offset, off_t length) {
  static int (*real)(int, off_t, off_t);
  if (real == NULL) {
    real = (int (*)(int, off_t, off_t))dlsym(RTLD_NEXT, "posix_fallocate");
  }
  return has_room(file, offset + length) ? real(file, offset, length) : ENOSPC;
}
