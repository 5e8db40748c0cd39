#pragma once
#include <zlib.h>

/* deflateInit2 and inflateInit2 are macros that pass the header's version. */
static inline int save_deflate_init_gzip(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
}
static inline int save_deflate_init_raw(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
}
static inline int save_inflate_init_gzip_or_zlib(z_stream *stream) { return inflateInit2(stream, MAX_WBITS + 32); }
static inline int save_inflate_init_raw(z_stream *stream) { return inflateInit2(stream, -MAX_WBITS); }
