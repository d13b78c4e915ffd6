#include "linear_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xent_blas.h>
#ifdef BENCH_LINEAR_DNNL
#include <xent_dnnl.h>
#endif

static const struct {
    const char *name;
    xent_gemm gemm;
} gemms[] = {
    { "blas", xent_blas_gemm },
#ifdef BENCH_LINEAR_DNNL
    { "dnnl", xent_dnnl_gemm },
#endif
};

static void usage(void)
{
    fprintf(stderr,
            "usage: bench_linear [--shape <rows>x<features>x<classes>] [--dtype f32|bf16] [--gemm blas|dnnl] [--threads <n>]\n"
            "                    [--block-rows <n>] [--block-classes <n>] [--rounds <n>] [--python <python>]\n"
            "gemms of this build:");
    for (size_t i = 0; i < sizeof gemms / sizeof gemms[0]; i++) fprintf(stderr, " %s", gemms[i].name);
    fputs("\n", stderr);
    exit(2);
}

static int64_t number(const char *text, char **end)
{
    const long long n = strtoll(text, end, 10);
    if (*end == text || n < 0) usage();
    return n;
}

static void choose_gemm(struct linear_options *o, const char *name)
{
    o->gemm = NULL;
    for (size_t i = 0; i < sizeof gemms / sizeof gemms[0]; i++)
        if (strcmp(gemms[i].name, name) == 0) o->gemm = gemms[i].gemm;
    if (o->gemm == NULL) usage();
    o->gemm_name = name;
}

static void read_number(struct linear_options *o, const char *name, const char *value)
{
    char *end;
    const int64_t n = number(value, &end);
    if (strcmp(name, "--shape") == 0) {
        o->rows = n;
        o->features = number(end + (*end == 'x'), &end);
        o->classes = number(end + (*end == 'x'), &end);
    } else if (strcmp(name, "--threads") == 0) {
        o->threads = (int)n;
    } else if (strcmp(name, "--block-rows") == 0) {
        o->block_rows = n;
    } else if (strcmp(name, "--block-classes") == 0) {
        o->block_classes = n;
    } else if (strcmp(name, "--rounds") == 0) {
        o->rounds = (int)n;
    } else {
        usage();
    }
    if (*end != '\0') usage();
}

static void read_option(struct linear_options *o, const char *name, const char *value)
{
    if (strcmp(name, "--python") == 0) {
        o->python = value;
    } else if (strcmp(name, "--gemm") == 0) {
        choose_gemm(o, value);
    } else if (strcmp(name, "--dtype") == 0) {
        if (strcmp(value, "f32") != 0 && strcmp(value, "bf16") != 0) usage();
        o->dtype = strcmp(value, "f32") == 0 ? XENT_F32 : XENT_BF16;
    } else {
        read_number(o, name, value);
    }
}

void linear_options_parse(struct linear_options *o, int argc, char **argv)
{
    const struct linear_options defaults = {
        .rows = 1024,
        .features = 768,
        .classes = 50257,
        .block_classes = 4096,
        .threads = 1,
        .rounds = 5,
        .dtype = XENT_F32,
        .python = "python3",
    };
    *o = defaults;
    choose_gemm(o, "blas");
    if (argc % 2 == 0) usage();
    for (int i = 1; i < argc; i += 2) read_option(o, argv[i], argv[i + 1]);
    if (o->rows * o->features * o->classes == 0 || o->threads == 0 || o->rounds == 0) usage();
}
