#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>
#include <sys/sendfile.h>

#include "hooks.h"

/* The library's own functions, which are behind those of this file. */
static const char *(*library_phrase)(unsigned int);
static size_t (*library_phrase_size)(unsigned int);
static enum MHD_Result (*library_queue)(struct MHD_Connection *, unsigned int, struct MHD_Response *);
static enum MHD_Result (*library_lookup)(
    struct MHD_Connection *, enum MHD_ValueKind, const char *, size_t, const char **, size_t *);
static ssize_t (*library_sendfile)(int, int, off64_t *, size_t);

static _Atomic(save_mhd_refuse) refuse_request;

/* Where the part of a file that a response sends ends, by the response's descriptor; of descriptors beyond these nothing is known. */
enum { known_descriptors = 1 << 16 };
static _Atomic int64_t ends[known_descriptors];

/* The phrase of the answer that was last queued on this thread. The library writes the status line of an answer in the same call
 * in which the answer was queued, on the same thread, and before it looks at another connection (MHD_connection_handle_idle goes
 * on from MHD_CONNECTION_HEADERS_PROCESSED or MHD_CONNECTION_FULL_REQ_RECEIVED to MHD_CONNECTION_START_REPLY). Every answer is
 * queued by one of the two functions below, and both set this, so that no answer has the phrase of another. */
static _Thread_local struct {
    size_t size;
    unsigned int status;
    char text[201];
} phrase;

__attribute__((constructor)) static void find_library(void) {
    library_phrase = dlsym(RTLD_NEXT, "MHD_get_reason_phrase_for");
    library_phrase_size = dlsym(RTLD_NEXT, "MHD_get_reason_phrase_len_for");
    library_queue = dlsym(RTLD_NEXT, "MHD_queue_response");
    library_lookup = dlsym(RTLD_NEXT, "MHD_lookup_connection_value_n");
    library_sendfile = dlsym(RTLD_NEXT, "sendfile64");
}

int save_mhd_thread(void) {
    static _Atomic int threads;
    static _Thread_local int number;
    if (number == 0) number = (atomic_fetch_add(&threads, 1) & 0xffff) + 1;
    return number - 1;
}

struct MHD_Response *save_mhd_file_response(uint64_t size, int descriptor, uint64_t offset) {
    if (descriptor >= 0 && descriptor < known_descriptors) atomic_store(&ends[descriptor], (int64_t)(offset + size));
    return MHD_create_response_from_fd_at_offset64(size, descriptor, offset);
}

/* Called by the library only. It sends 128 KiB and goes round all of its connections before it sends more of a file, which for
 * large files costs three times the processor time of larger pieces. The library counts what was sent, not what it asked for
 * (MHD_send_sendfile_), but it uncorks the socket only after a piece that it knows to be the last: so the last one stays its own. */
ssize_t sendfile64(int socket, int descriptor, off64_t *offset, size_t count) {
    static const size_t piece = 0x20000, most = 0x200000;
    if (library_sendfile == NULL) {
        errno = ENOSYS;
        return -1;
    }
    if (count == piece && offset != NULL && descriptor >= 0 && descriptor < known_descriptors) {
        int64_t spare = atomic_load(&ends[descriptor]) - *offset - (int64_t)piece;
        if (spare > (int64_t)piece) count = spare < (int64_t)most ? (size_t)spare : most;
    }
    return library_sendfile(socket, descriptor, offset, count);
}

void save_mhd_set_refuse(save_mhd_refuse refuse) { atomic_store(&refuse_request, refuse); }

int save_mhd_queue(
    struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response, const char *text, size_t size) {
    if (library_queue == NULL) return MHD_NO;
    phrase.size = 0;
    if (text != NULL && size > 0 && size < sizeof phrase.text) {
        memcpy(phrase.text, text, size);
        phrase.text[size] = 0;
        phrase.status = status;
        phrase.size = size;
    }
    return library_queue(connection, status, response);
}

/* Called by the library only: for what it refuses itself, with a page of HTML. */
enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response) {
    save_mhd_refuse refuse = atomic_load(&refuse_request);
    if (refuse != NULL && refuse(connection, status)) return MHD_YES;
    return save_mhd_queue(connection, status, response, NULL, 0);
}

size_t MHD_get_reason_phrase_len_for(unsigned int status) {
    if (phrase.size > 0 && phrase.status == status) return phrase.size;
    return library_phrase_size == NULL ? 0 : library_phrase_size(status);
}

const char *MHD_get_reason_phrase_for(unsigned int status) {
    if (phrase.size > 0 && phrase.status == status) return phrase.text;
    return library_phrase == NULL ? "Unknown" : library_phrase(status);
}

static int is_number(const char *value, size_t size) {
    /* More digits than these are more than the library counts to. */
    if (value == NULL || size == 0 || size > 19) return 0;
    for (size_t i = 0; i < size; i++)
        if (value[i] < '0' || value[i] > '9') return 0;
    return 1;
}

/* What the library refuses at the end of a header section, version 0.9.75 answers twice: it goes on with the request after it
 * has written its answer (parse_connection_headers). So it sees neither a length that is none, which the access handler refuses,
 * nor cookies, which it would copy, and refuse where its memory is too small for that. */
enum MHD_Result MHD_lookup_connection_value_n(
    struct MHD_Connection *connection, enum MHD_ValueKind kind, const char *key, size_t key_size, const char **value,
    size_t *value_size) {
    const char *found = NULL;
    size_t size = 0;
    if (library_lookup == NULL) return MHD_NO;
    if (key != NULL && kind == MHD_HEADER_KIND && key_size == 6 && strncasecmp(key, MHD_HTTP_HEADER_COOKIE, 6) == 0) return MHD_NO;
    if (library_lookup(connection, kind, key, key_size, &found, &size) == MHD_NO) return MHD_NO;
    if (key != NULL && kind == MHD_HEADER_KIND && key_size == 14 && strncasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH, 14) == 0
        && !is_number(found, size)) {
        found = "0";
        size = 1;
    }
    if (value != NULL) *value = found;
    if (value_size != NULL) *value_size = size;
    return MHD_YES;
}
