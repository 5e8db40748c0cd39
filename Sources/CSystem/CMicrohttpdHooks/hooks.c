#define _GNU_SOURCE
#include <dlfcn.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>

#include "hooks.h"

/* The library's own functions, which are behind those of this file. */
static const char *(*library_phrase)(unsigned int);
static size_t (*library_phrase_size)(unsigned int);
static enum MHD_Result (*library_queue)(struct MHD_Connection *, unsigned int, struct MHD_Response *);
static enum MHD_Result (*library_lookup)(
    struct MHD_Connection *, enum MHD_ValueKind, const char *, size_t, const char **, size_t *);

static _Atomic(save_mhd_refuse) refuse_request;

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
