#pragma once
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Opens a path below a folder without following a single symbolic link. The C library has no openat2, and syscall() is
   variadic, which Swift does not import. Kernels before 5.6 and some sandboxes lack the call: there, only the last
   component is protected, by O_NOFOLLOW. */
static inline int save_open_beneath(int folder, const char *path, int flags, unsigned int mode) {
    struct open_how how = {
        .flags = (unsigned long long)(unsigned int)(flags | O_CLOEXEC | O_NOFOLLOW),
        .mode = mode,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    int descriptor = (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (descriptor < 0 && (errno == ENOSYS || errno == EPERM))
        descriptor = openat(folder, path, flags | O_CLOEXEC | O_NOFOLLOW, mode);
    return descriptor;
}

/* syncfs is declared for _GNU_SOURCE only, which Swift's importer does not define. */
static inline int save_sync_file_system(int descriptor) { return (int)syscall(SYS_syncfs, descriptor); }
