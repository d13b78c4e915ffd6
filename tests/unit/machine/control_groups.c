#define _GNU_SOURCE /* mkdtemp */
#include "control_groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/expect.h"

void write_file(const char *root, const char *path, const char *text)
{
    char full[512];
    assert_in_range(snprintf(full, sizeof full, "%s%s", root, path), 1, sizeof full - 1);
    for (char *slash = full + strlen(root); (slash = strchr(slash + 1, '/')) != NULL;) {
        *slash = '\0';
        (void)mkdir(full, 0777);
        *slash = '/';
    }
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

void make_root(char *root)
{
    strcpy(root, ROOT_TEMPLATE);
    assert_non_null(mkdtemp(root));
}

void make_groups(char *root)
{
    make_root(root);
    write_file(root, "/proc/self/cgroup", "0::/a/b\n");
    write_file(root, CGROUPS "/a/b/cpu.max", "300000 100000\n");
    write_file(root, CGROUPS "/a/cpu.max", "200000 100000\n");
}

void remove_root(const char *root)
{
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", root);
    assert_int_equal(system(command), 0);
}
