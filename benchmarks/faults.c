/* Lets one write, rename or fsync of a process fail, or all from one on, or kills the process there: loaded by
   LD_PRELOAD, armed by `fault_arm`.

   Only files whose path begins with the prefix count. A write that fails has put half of its bytes on the disk. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE, RENAME, SYNC, KINDS };

static char prefix[4096];
static int wanted = -1, error_number, for_ever, pending;
static long nth, counts[KINDS];

void fault_arm(const char *path, int kind, long n, int number, int sticky) {
    strncpy(prefix, path, sizeof prefix - 1);
    wanted = kind, nth = n, error_number = number, for_ever = sticky, pending = 0;
    memset(counts, 0, sizeof counts);
}

long fault_count(int kind) { return counts[kind]; }

static int is_under(const char *path) { return prefix[0] && !strncmp(path, prefix, strlen(prefix)); }

static int is_file_under(int fd) {
    char link[64], path[4096];
    if (!prefix[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_under(path);
}

/* Count a call; tell whether it is one that fails. */
static int fails(int kind) {
    long number = ++counts[kind];
    return kind == wanted && nth > 0 && (number == nth || (for_ever && number > nth));
}

/* A full disk takes no write, and no rename; a sticky fault of one kind is one of all kinds. */
static int is_full(void) { return for_ever && wanted >= 0 && nth > 0 && counts[wanted] >= nth; }

static int refuse(void) {
    if (error_number < 0) kill(getpid(), SIGKILL);
    errno = error_number;
    return -1;
}

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) *(void **)&real = dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *bytes, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    if (!is_file_under(fd)) return real(fd, bytes, size);
    if (pending) { pending = 0; return refuse(); }
    if (fails(WRITE) || is_full()) {
        if (size < 2) return refuse();
        pending = 1;
        ssize_t written = real(fd, bytes, size / 2);
        return error_number < 0 ? refuse() : written;
    }
    return real(fd, bytes, size);
}

int rename(const char *old, const char *new) {
    REAL(int, "rename", const char *, const char *);
    return is_under(new) && (fails(RENAME) || is_full()) ? refuse() : real(old, new);
}

int fsync(int fd) {
    REAL(int, "fsync", int);
    return is_file_under(fd) && (fails(SYNC) || is_full()) ? refuse() : real(fd);
}

int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    return is_file_under(fd) && (fails(SYNC) || is_full()) ? refuse() : real(fd);
}
