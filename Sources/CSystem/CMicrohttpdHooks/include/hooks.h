#pragma once
#include <stddef.h>
#include <stdint.h>

/* What libmicrohttpd has no setting for: the reason phrase of an answer, answers of its own, and how much of a
 * file it sends at once.
 *
 * The library calls some of its own exported functions through the dynamic linker. hooks.c defines these in the executable, where
 * the linker finds them first (ld.so(8): a global symbol is looked up in the executable before its libraries). A library that
 * calls them in another way loses nothing but what is done here: docs/adr/0031-the-reason-on-the-status-line.md. */

struct MHD_Connection;
struct MHD_Response;

/* Answers a request that the library itself refuses, with this status: 1 where an answer has been queued, 0 to let the library
 * send its own. Called on the connection's own thread. */
typedef int (*save_mhd_refuse)(struct MHD_Connection *connection, unsigned int status);

/* Says who answers what the library refuses, for all daemons of the process. */
void save_mhd_set_refuse(save_mhd_refuse refuse);

/* MHD_queue_response, on the connection's own thread, from the access handler or from `save_mhd_refuse` only, with a phrase for
 * the status line. Without bytes, and for more than 200, it is the status' own. Returns what MHD_queue_response returns. */
int save_mhd_queue(
    struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response, const char *phrase, size_t size);

/* MHD_create_response_from_fd_at_offset64, of which up to 2 MiB are sent at once. */
struct MHD_Response *save_mhd_file_response(uint64_t size, int descriptor, uint64_t offset);

/* The number of this thread among those that called this, from 0. Others have the same once there were 65,536. */
int save_mhd_thread(void);
