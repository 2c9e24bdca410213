/* SPDX-License-Identifier: MIT */
/* The servers that this program uses, told to the page: an RTCConfiguration as JSON. */
#ifndef CALL_PAGE_CONFIGURATION_H
#define CALL_PAGE_CONFIGURATION_H

#include "servers.h"

/* The text is the caller's (cJSON_free); NULL when out of memory. */
char *page_configuration(const struct servers *servers);

#endif
