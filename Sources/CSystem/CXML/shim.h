#pragma once
#include <libxml/xmlversion.h>
/* Debian's libxml2 declares its converters with ICU's types, whose names Foundation's own ICU declares differently. Nothing
   here uses them. */
#undef LIBXML_ICU_ENABLED
#include <libxml/HTMLparser.h>
#include <libxml/SAX2.h>
