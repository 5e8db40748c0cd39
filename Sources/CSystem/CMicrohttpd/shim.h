#pragma once
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <microhttpd.h>
/* The library's own TLS library: libmicrohttpd-dev brings its headers, for the callbacks that are declared with its types. */
#include <gnutls/gnutls.h>
#include <gnutls/abstract.h>

/* TLS 1.3, and of TLS 1.2 what has forward secrecy and authenticated encryption (RFC 9325, 4.2: keys agreed on by (EC)DHE, AEAD).
 * A priority string of GnuTLS. */
#define SAVE_TLS_PRIORITIES \
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:+DHE-RSA:" \
    "-CIPHER-ALL:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:-MAC-ALL:+AEAD"

/* MHD_start_daemon and MHD_get_connection_info take variable arguments, which Swift does not import. */

static inline struct MHD_Daemon *save_mhd_start(
    unsigned int flags, unsigned int threads, unsigned int connections, size_t memory,
    gnutls_certificate_retrieve_function2 *certificate, MHD_AccessHandlerCallback handler, void *(*target)(void *, const char *, struct MHD_Connection *),
    size_t (*unescape)(void *, struct MHD_Connection *, char *), MHD_RequestCompletedCallback completed,
    MHD_NotifyConnectionCallback connection, void *context) {
    struct MHD_OptionItem extra[4] = {{MHD_OPTION_END, 0, NULL}, {MHD_OPTION_END, 0, NULL}, {MHD_OPTION_END, 0, NULL},
                                      {MHD_OPTION_END, 0, NULL}};
    int count = 0;
    if (threads > 1) {
        extra[count].option = MHD_OPTION_THREAD_POOL_SIZE;
        extra[count++].value = (intptr_t)threads;
    }
    if (certificate != NULL) {
        extra[count].option = MHD_OPTION_HTTPS_CERT_CALLBACK;
        extra[count++].ptr_value = (void *)certificate;
        extra[count].option = MHD_OPTION_HTTPS_PRIORITIES;
        extra[count++].ptr_value = (void *)SAVE_TLS_PRIORITIES;
    }
    return MHD_start_daemon(
        flags, 0, NULL, NULL, handler, context, MHD_OPTION_URI_LOG_CALLBACK, target, context, MHD_OPTION_UNESCAPE_CALLBACK, unescape,
        context, MHD_OPTION_NOTIFY_COMPLETED, completed, context, MHD_OPTION_NOTIFY_CONNECTION, connection, context,
        MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory, MHD_OPTION_CONNECTION_TIMEOUT, 0u,
        MHD_OPTION_ARRAY, extra, MHD_OPTION_END);
}

/* The connection of a session: the library stores it there (see MHD_OPTION_GNUTLS_PSK_CRED_HANDLER, which needs it too). */
static inline struct MHD_Connection *save_mhd_connection(gnutls_session_t session) {
    return (struct MHD_Connection *)gnutls_session_get_ptr(session);
}

static inline void *save_mhd_socket_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

static inline int save_mhd_descriptor(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? -1 : info->connect_fd;
}

static inline const struct sockaddr *save_mhd_address(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info == NULL ? NULL : info->client_addr;
}

static inline size_t save_mhd_header_size(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info == NULL ? 0 : info->header_size;
}

/* tcpi_bytes_acked of <linux/tcp.h> (part of the kernel's ABI since 4.1), which <netinet/tcp.h> does not declare. */
static inline unsigned long long save_tcp_bytes_acked(int descriptor) {
    unsigned char info[192];
    unsigned long long acked = 0;
    socklen_t size = sizeof info;
    memset(info, 0, sizeof info);
    if (getsockopt(descriptor, IPPROTO_TCP, 11 /* TCP_INFO */, info, &size) != 0 || size < 128) return 0;
    memcpy(&acked, info + 120, sizeof acked);
    return acked;
}

/* What Swift's C library module leaves out because it is Linux's own. */

#define SAVE_POLLRDHUP 0x2000

static inline int save_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
static inline void save_eventfd_signal(int descriptor) { (void)eventfd_write(descriptor, 1); }
static inline void save_eventfd_clear(int descriptor) {
    eventfd_t count;
    (void)eventfd_read(descriptor, &count);
}

static inline int save_accept(int descriptor, struct sockaddr *address, socklen_t *size) {
    int client = accept(descriptor, address, size);
    if (client >= 0) {
        (void)fcntl(client, F_SETFD, FD_CLOEXEC);
        (void)fcntl(client, F_SETFL, O_NONBLOCK);
    }
    return client;
}
