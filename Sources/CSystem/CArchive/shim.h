#pragma once
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

/* LC_CTYPE_MASK is an expression that Swift cannot read. */
static inline locale_t save_archive_utf8_locale(void) { return newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0); }
