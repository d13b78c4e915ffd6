/* The ranks of a call, and how they agree on what becomes of it. */
#include "mpi/group.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { MESSAGE_BYTES = 256 }; /* of libxent's messages */

xent_status xent_mpi_fail(xent_status status, const char *format, ...)
{
    char message[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    xent_set_error_message(message);
    return status;
}

xent_status xent_mpi_result(const char *function, int code)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length;
    if (code == MPI_SUCCESS) return XENT_OK;
    if (MPI_Error_string(code, text, &length) != MPI_SUCCESS) text[0] = '\0';
    return xent_mpi_fail(XENT_ERROR_COMMUNICATION, "%s failed: %s", function, text);
}

/* ---- The ranks ------------------------------------------------------------------------------------------------------ */

static xent_status check_running(void)
{
    int initialized, finalized;
    XENT_MPI_TRY(xent_mpi_result("MPI_Initialized", MPI_Initialized(&initialized)));
    XENT_MPI_TRY(xent_mpi_result("MPI_Finalized", MPI_Finalized(&finalized)));
    if (!initialized) return xent_mpi_fail(XENT_ERROR_COMMUNICATION, "MPI has not been initialized");
    return finalized ? xent_mpi_fail(XENT_ERROR_COMMUNICATION, "MPI has been finalized") : XENT_OK;
}

static xent_status init_ranks(struct xent_mpi_ranks *ranks, const char *name, MPI_Comm comm)
{
    int inter;
    *ranks = (struct xent_mpi_ranks){ .comm = comm, .count = 1 };
    if (comm == MPI_COMM_NULL) return XENT_OK;
    XENT_MPI_TRY(xent_mpi_result("MPI_Comm_test_inter", MPI_Comm_test_inter(comm, &inter)));
    if (inter)
        return xent_mpi_fail(XENT_ERROR_INVALID_ARGUMENT, "%s is an intercommunicator, expected an intracommunicator", name);
    XENT_MPI_TRY(xent_mpi_result("MPI_Comm_size", MPI_Comm_size(comm, &ranks->count)));
    return xent_mpi_result("MPI_Comm_rank", MPI_Comm_rank(comm, &ranks->own));
}

static bool is_alone(const struct xent_mpi_group *group)
{
    return group->classes.comm == MPI_COMM_NULL && group->rows.comm == MPI_COMM_NULL;
}

xent_status xent_mpi_group_init(struct xent_mpi_group *group, MPI_Comm classes, MPI_Comm rows)
{
    *group = (struct xent_mpi_group){ { classes, 1, 0 }, { rows, 1, 0 }, 0 };
    if (is_alone(group)) return XENT_OK;
    XENT_MPI_TRY(check_running());
    XENT_MPI_TRY(init_ranks(&group->classes, "classes", classes));
    XENT_MPI_TRY(init_ranks(&group->rows, "rows", rows));
    return xent_mpi_result("MPI_Comm_rank", MPI_Comm_rank(MPI_COMM_WORLD, &group->world));
}

/* ---- Agreement ------------------------------------------------------------------------------------------------------ */

/* Sent as it is. */
struct failure {
    int32_t status, world;
    char sentence[MESSAGE_BYTES];
};

/* The first rank that has one tells all others; the smallest number is the same in whatever order numbers are compared. */
static xent_status tell(const struct xent_mpi_ranks *ranks, struct failure *failure)
{
    int own = failure->status == XENT_OK ? ranks->count : ranks->own, first;
    if (ranks->comm == MPI_COMM_NULL) return XENT_OK;
    XENT_MPI_TRY(xent_mpi_result("MPI_Allreduce", MPI_Allreduce(&own, &first, 1, MPI_INT, MPI_MIN, ranks->comm)));
    if (first == ranks->count) return XENT_OK;
    return xent_mpi_result("MPI_Bcast", MPI_Bcast(failure, (int)sizeof *failure, MPI_BYTE, first, ranks->comm));
}

xent_status xent_mpi_agree(const struct xent_mpi_group *group, xent_status own)
{
    struct failure failure = { .status = (int32_t)own, .world = group->world };
    if (is_alone(group)) return own;
    if (own != XENT_OK) (void)snprintf(failure.sentence, sizeof failure.sentence, "%s", xent_error_message());
    XENT_MPI_TRY(tell(&group->classes, &failure));
    XENT_MPI_TRY(tell(&group->rows, &failure));
    if (failure.status == XENT_OK) return XENT_OK;
    return xent_mpi_fail((xent_status)failure.status, "rank %d: %s", (int)failure.world, failure.sentence);
}
