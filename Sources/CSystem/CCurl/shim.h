#pragma once
#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* Swift cannot call variadic functions: one setter for each type of value. */
static inline CURLcode save_curl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode save_curl_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode save_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLMcode save_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

typedef size_t (*save_curl_receive)(char *bytes, size_t size, size_t count, void *context);
typedef int (*save_curl_seek)(void *context, curl_off_t offset, int origin);
typedef curl_socket_t (*save_curl_open)(void *context, curlsocktype purpose, struct curl_sockaddr *address);

/* Headers, body and the choice of sockets, all with the same context. */
static inline void save_curl_set_callbacks(CURL *easy, save_curl_receive header, save_curl_receive body,
                                           save_curl_open open, void *context) {
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, context);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, context);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, context);
}

/* A body of a known size that is asked for piece by piece, and again from an earlier place where a connection was lost. */
static inline CURLcode save_curl_set_upload(CURL *easy, save_curl_receive read, save_curl_seek seek, void *context,
                                            curl_off_t size) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_READFUNCTION, read);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_READDATA, context);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_SEEKDATA, context);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, size);
    return code;
}

/* The context of the next transfer that has ended, and how; NULL when there is none. */
static inline void *save_curl_next_done(CURLM *multi, CURLcode *result) {
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg == CURLMSG_DONE) {
            char *context = NULL;
            *result = message->data.result;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &context);
            return context;
        }
    }
    return NULL;
}

/* The status with which a proxy answered the last CONNECT; 0 where there was none. */
static inline long save_curl_connect_status(CURL *easy) {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return status;
}

/* Copies the 4 or 16 bytes of an address; 0 for another family. */
static inline size_t save_curl_address(const struct curl_sockaddr *address, unsigned char bytes[16]) {
    const void *start = &address->addr;
    if (address->family == AF_INET) {
        memcpy(bytes, &((const struct sockaddr_in *)start)->sin_addr, 4);
        return 4;
    }
    if (address->family == AF_INET6) {
        memcpy(bytes, &((const struct sockaddr_in6 *)start)->sin6_addr, 16);
        return 16;
    }
    return 0;
}
static inline curl_socket_t save_curl_socket(const struct curl_sockaddr *address) {
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}
