/* The names of PAM's results. */
#ifndef RESULTS_H
#define RESULTS_H

enum { RESULTS = 32 }; /* PAM_SUCCESS (0) to PAM_INCOMPLETE (31) */

/* "PAM_SUCCESS", "PAM_AUTH_ERR" …; "PAM_?" for a number that is no result. */
const char *result_name(int result);

/* The number of a name or of a decimal number, -1 if it is neither. */
int result_from_name(const char *name);

#endif
