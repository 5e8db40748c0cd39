/* A disk that fails: what is written below TEST_DISK fails with EIO while the file TEST_DISK_FAILS is there.
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

#define REPLACED(result, name, parameters, arguments)                                                                  \
    result name parameters                                                                                             \
    {                                                                                                                  \
        static result(*next) parameters;                                                                               \
        if (!next) *(void **)&next = dlsym(RTLD_NEXT, #name);                                                          \
        return fails(descriptor) ? -1 : next arguments;                                                                \
    }

REPLACED(ssize_t, write, (int descriptor, const void *bytes, size_t count), (descriptor, bytes, count))
REPLACED(ssize_t, pwrite, (int descriptor, const void *bytes, size_t count, off_t at), (descriptor, bytes, count, at))
REPLACED(ssize_t, pwrite64, (int descriptor, const void *bytes, size_t count, off64_t at), (descriptor, bytes, count, at))
REPLACED(ssize_t, writev, (int descriptor, const struct iovec *parts, int count), (descriptor, parts, count))
REPLACED(ssize_t, pwritev, (int descriptor, const struct iovec *parts, int count, off_t at), (descriptor, parts, count, at))
REPLACED(int, ftruncate, (int descriptor, off_t size), (descriptor, size))
REPLACED(int, ftruncate64, (int descriptor, off64_t size), (descriptor, size))
REPLACED(int, fsync, (int descriptor), (descriptor))
REPLACED(int, fdatasync, (int descriptor), (descriptor))
