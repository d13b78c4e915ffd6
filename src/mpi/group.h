/* The ranks of a call, and how they agree on what becomes of it. */
#ifndef XENT_MPI_GROUP_H
#define XENT_MPI_GROUP_H

#include <xent_mpi.h>

#define XENT_MPI_TRY(call)                                                                                                     \
    do {                                                                                                                       \
        xent_status try_status = (call);                                                                                       \
        if (try_status != XENT_OK) return try_status;                                                                          \
    } while (0)

/* A communicator, its size, and this rank in it; MPI_COMM_NULL is one rank. */
struct xent_mpi_ranks {
    MPI_Comm comm;
    int count, own;
};

struct xent_mpi_group {
    struct xent_mpi_ranks classes, rows;
    int world; /* this rank in MPI_COMM_WORLD, which messages name */
};

/* What fails here is found without the others, and on all ranks alike. */
xent_status xent_mpi_group_init(struct xent_mpi_group *group, MPI_Comm classes, MPI_Comm rows);

/* Sets the message, at most 255 bytes of it, and returns the status. */
__attribute__((format(printf, 2, 3))) xent_status xent_mpi_fail(xent_status status, const char *format, ...);

/* XENT_OK for MPI_SUCCESS, else a failure whose message says what MPI says of `code`. */
xent_status xent_mpi_result(const char *function, int code);

/* The failure of one rank, the first in `classes` of the first in `rows`, becomes the answer and the message on all of them. Allocates
   nothing: it cannot fail unless MPI does. */
xent_status xent_mpi_agree(const struct xent_mpi_group *group, xent_status own);

#endif
