#pragma once
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

/* Calls a symbol that takes a pointer and returns a number. ISO C has no cast from an object pointer to a function; POSIX
   (dlsym, Application Usage) promises that it works. */
static inline int save_call(void *function, void *argument) { return ((int (*)(void *))function)(argument); }

struct save_build_id {
    const unsigned char *bytes;
    size_t count;
};

/* The build id among the notes of a segment. Each is a header, a name and a description, the latter two padded to four bytes
   (elf(5), "Notes"). */
static inline struct save_build_id save_build_id_in(const char *note, const char *end) {
    while (note + sizeof(ElfW(Nhdr)) <= end) {
        const ElfW(Nhdr) *header = (const ElfW(Nhdr) *)note;
        const char *name = note + sizeof *header, *description = name + ((header->n_namesz + 3) & ~3u);
        if (header->n_type == NT_GNU_BUILD_ID && header->n_namesz == 4 && memcmp(name, "GNU", 4) == 0)
            return (struct save_build_id){(const unsigned char *)description, header->n_descsz};
        note = description + ((header->n_descsz + 3) & ~3u);
    }
    return (struct save_build_id){NULL, 0};
}

/* The build id that the linker gave to the running program; no bytes where it gave none. The kernel says where the program's
   segments are described (getauxval(3)); the description of itself says how far from its address it was loaded. */
static inline struct save_build_id save_program_build_id(void) {
    const ElfW(Phdr) *segments = (const ElfW(Phdr) *)getauxval(AT_PHDR);
    size_t count = getauxval(AT_PHNUM);
    const char *base = NULL;
    for (size_t index = 0; index < count; index++)
        if (segments[index].p_type == PT_PHDR) base = (const char *)segments - segments[index].p_vaddr;
    for (size_t index = 0; index < count; index++) {
        if (segments[index].p_type != PT_NOTE) continue;
        const char *note = base + segments[index].p_vaddr;
        struct save_build_id found = save_build_id_in(note, note + segments[index].p_memsz);
        if (found.bytes) return found;
    }
    return (struct save_build_id){NULL, 0};
}
