/* SPDX-License-Identifier: MIT */
/* The page's files, put into the program when it is built. */
#ifndef CALL_PAGE_FILES_H
#define CALL_PAGE_FILES_H

#include <stddef.h>

struct page_file {
    const char *path; /* "/index.html" */
    const unsigned char *data;
    size_t len;
};

extern const struct page_file page_files[];
extern const size_t page_file_count;

#endif
