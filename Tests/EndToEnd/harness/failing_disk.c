/* A disk that fails: what is written below TEST_DISK fails with EIO while the file TEST_DISK_FAILS is there. With TEST_DISK_TAKES_WRITES
   only the synchronisation fails, as where the kernel took the bytes and the disk then did not (fsync(2), EIO).
   Loaded before libc (ld.so(8), LD_PRELOAD). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int fails(int descriptor)
{
    const char *folder = getenv("TEST_DISK"), *flag = getenv("TEST_DISK_FAILS");
    char name[64], path[4096];
    int before = errno, is_below = 0;
    if (folder && flag && access(flag, F_OK) == 0) {
        snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
        ssize_t length = readlink(name, path, sizeof path - 1);
        path[length > 0 ? length : 0] = 0;
        is_below = strncmp(path, folder, strlen(folder)) == 0 && path[strlen(folder)] == '/';
    }
    errno = is_below ? EIO : before;
    return is_below;
}

#define WRITES (getenv("TEST_DISK_TAKES_WRITES") == NULL)
#define SYNCS 1

#define REPLACED(kind, result, name, parameters, arguments)                                                            \
    result name parameters                                                                                             \
    {                                                                                                                  \
        static result(*next) parameters;                                                                               \
        if (!next) *(void **)&next = dlsym(RTLD_NEXT, #name);                                                          \
        return kind && fails(descriptor) ? -1 : next arguments;                                                        \
    }

REPLACED(WRITES, ssize_t, write, (int descriptor, const void *bytes, size_t count), (descriptor, bytes, count))
REPLACED(WRITES, ssize_t, pwrite, (int descriptor, const void *bytes, size_t count, off_t at), (descriptor, bytes, count, at))
REPLACED(WRITES, ssize_t, pwrite64, (int descriptor, const void *bytes, size_t count, off64_t at), (descriptor, bytes, count, at))
REPLACED(WRITES, ssize_t, writev, (int descriptor, const struct iovec *parts, int count), (descriptor, parts, count))
REPLACED(WRITES, ssize_t, pwritev, (int descriptor, const struct iovec *parts, int count, off_t at), (descriptor, parts, count, at))
REPLACED(WRITES, int, ftruncate, (int descriptor, off_t size), (descriptor, size))
REPLACED(WRITES, int, ftruncate64, (int descriptor, off64_t size), (descriptor, size))
REPLACED(SYNCS, int, fsync, (int descriptor), (descriptor))
REPLACED(SYNCS, int, fdatasync, (int descriptor), (descriptor))
