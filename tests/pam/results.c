#include "results.h"

#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>

#define NAME(result) [result] = #result

static const char *const names[RESULTS] = {
    NAME(PAM_SUCCESS),
    NAME(PAM_OPEN_ERR),
    NAME(PAM_SYMBOL_ERR),
    NAME(PAM_SERVICE_ERR),
    NAME(PAM_SYSTEM_ERR),
    NAME(PAM_BUF_ERR),
    NAME(PAM_PERM_DENIED),
    NAME(PAM_AUTH_ERR),
    NAME(PAM_CRED_INSUFFICIENT),
    NAME(PAM_AUTHINFO_UNAVAIL),
    NAME(PAM_USER_UNKNOWN),
    NAME(PAM_MAXTRIES),
    NAME(PAM_NEW_AUTHTOK_REQD),
    NAME(PAM_ACCT_EXPIRED),
    NAME(PAM_SESSION_ERR),
    NAME(PAM_CRED_UNAVAIL),
    NAME(PAM_CRED_EXPIRED),
    NAME(PAM_CRED_ERR),
    NAME(PAM_NO_MODULE_DATA),
    NAME(PAM_CONV_ERR),
    NAME(PAM_AUTHTOK_ERR),
    NAME(PAM_AUTHTOK_RECOVERY_ERR),
    NAME(PAM_AUTHTOK_LOCK_BUSY),
    NAME(PAM_AUTHTOK_DISABLE_AGING),
    NAME(PAM_TRY_AGAIN),
    NAME(PAM_IGNORE),
    NAME(PAM_ABORT),
    NAME(PAM_AUTHTOK_EXPIRED),
    NAME(PAM_MODULE_UNKNOWN),
    NAME(PAM_BAD_ITEM),
    NAME(PAM_CONV_AGAIN),
    NAME(PAM_INCOMPLETE),
};

const char *result_name(int result) {
    return result >= 0 && result < RESULTS ? names[result] : "PAM_?";
}

int result_from_name(const char *name) {
    for (int i = 0; i < RESULTS; i++)
        if (strcmp(name, names[i]) == 0) return i;
    char *end;
    long number = strtol(name, &end, 10);
    return *name && !*end && number >= 0 && number < RESULTS ? (int)number : -1;
}
