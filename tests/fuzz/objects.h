#ifndef XENT_TESTS_FUZZ_OBJECTS_H
#define XENT_TESTS_FUZZ_OBJECTS_H

#include "bytes.h"

/* Families of calls: each decodes one or a few and stops at a flaw. */

/* xent_tensor_create, wrap, wrap_const, set_data, and what a tensor answers. */
void tensor_calls(struct bytes *b);

/* xent_options_init, xent_stats_init, xent_linear_init, xent_exchange_init. */
void struct_calls(struct bytes *b);

/* Backends, threads, versions. */
void setting_calls(struct bytes *b);

/* Names of statuses, sizes of dtypes, messages. */
void error_calls(struct bytes *b);

#endif
