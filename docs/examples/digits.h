/* Handwritten digits from data/digits.csv, in an order of chance: what train_digits.c and train_digits_hidden.c begin with.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0 */
#ifndef DIGITS_H
#define DIGITS_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS = 64, CLASSES = 10, BRIGHTEST = 16, IMAGES = 1797 };

struct image {
    float x[PIXELS]; /* 0 to 1 */
    int32_t digit;
};

/* A number from 0 to n - 1. A generator of our own (Marsaglia's xorshift64*), so that every system sees one order. */
static size_t below(size_t n)
{
    static uint64_t state = 1797;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (size_t)((state * 2685821657736338717u >> 32) * n >> 32);
}

static void shuffle(struct image *images, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        const size_t j = below(i);
        const struct image last = images[i - 1];
        images[i - 1] = images[j];
        images[j] = last;
    }
}

/* One line of the file: 64 pixels and the digit, comma-separated. */
static int parse(const char *line, struct image *image)
{
    for (int i = 0; i <= PIXELS; i++) {
        char *end;
        const long value = strtol(line, &end, 10);
        const char *separator = i < PIXELS ? "," : "\r\n";
        if (end == line || value < 0 || value > (i < PIXELS ? BRIGHTEST : CLASSES - 1)) return 0;
        if (*end != '\0' ? strchr(separator, *end) == NULL : i < PIXELS) return 0;
        if (i < PIXELS)
            image->x[i] = (float)value / BRIGHTEST;
        else
            image->digit = (int32_t)value;
        line = end + 1;
    }
    return 1;
}

static void read_images(const char *path, struct image *images)
{
    char line[512];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(EXIT_FAILURE);
    }
    for (int i = 0; i < IMAGES; i++) {
        if (fgets(line, sizeof line, file) == NULL || !parse(line, &images[i])) {
            fprintf(stderr, "%s:%d: expected %d pixels from 0 to %d and a digit, comma-separated, on each of %d lines\n", path,
                    i + 1, PIXELS, BRIGHTEST, IMAGES);
            exit(EXIT_FAILURE);
        }
    }
    fclose(file);
}

#endif
