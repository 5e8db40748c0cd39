#pragma once
#include <libpq-fe.h>

/* PG_DIAG_SQLSTATE and PG_DIAG_MESSAGE_PRIMARY are character constants, which Swift does not import. */
static inline char *save_pq_state(const PGresult *result) { return PQresultErrorField(result, PG_DIAG_SQLSTATE); }
static inline char *save_pq_message(const PGresult *result) { return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY); }

static inline void save_pq_ignore(void *context, const PGresult *result) { (void)context; (void)result; }

/* Notices would go to standard error. */
static inline void save_pq_silence(PGconn *connection) { PQsetNoticeReceiver(connection, save_pq_ignore, 0); }
