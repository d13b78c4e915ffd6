/* The default number of threads: CPUs by affinity, and by the CPU quota of the process's control groups, which are files of a tree made
 * for the test. */
#define _GNU_SOURCE /* sched_getaffinity */
#include <stdint.h>
#include <stdio.h>

#include "args/options.h"
#include "control_groups.h"
#include "support/expect.h"
#include "system/cpus.h"
#include "xent.h"

#ifdef __linux__

#include <sched.h>

enum { FILES = 5 };

static const struct tree {
    const char *name;
    int64_t cpus;
    const char *membership; /* /proc/self/cgroup */
    struct {
        const char *path, *text;
    } files[FILES];
} trees[] = {
    { "no control groups", 0, NULL, { { NULL, NULL } } },
    { "version 2, no limit", 0, "0::/\n", { { "/cpu.max", "max 100000\n" } } },
    { "version 2, a container's root", 2, "0::/\n", { { "/cpu.max", "150000 100000\n" } } },
    { "whole CPUs", 3, "0::/\n", { { "/cpu.max", "300000 100000\n" } } },
    { "a part of one", 1, "0::/\n", { { "/cpu.max", "1000 100000\n" } } },
    { "another period", 4, "0::/\n", { { "/cpu.max", "70000 20000\n" } } },
    { "more than there is", INT64_C(1) << 40, "0::/\n", { { "/cpu.max", "1099511627776 1\n" } } },
    { "the group's own", 2, "0::/a/b\n", { { "/a/b/cpu.max", "200000 100000\n" }, { "/a/cpu.max", "max 100000\n" } } },
    { "an ancestor's", 2, "0::/a/b\n", { { "/a/b/cpu.max", "800000 100000\n" }, { "/a/cpu.max", "200000 100000\n" } } },
    { "the least", 2, "0::/a/b\n", { { "/a/b/cpu.max", "200000 100000\n" }, { "/a/cpu.max", "800000 100000\n" } } },
    { "not a neighbour's", 0, "0::/a/b\n", { { "/a/c/cpu.max", "200000 100000\n" }, { "/b/cpu.max", "200000 100000\n" } } },
    { "the host's name of the group", 3, "0::/docker/5f\n", { { "/cpu.max", "250000 100000\n" } } },
    { "nonsense", 0, "0::/\n", { { "/cpu.max", "many\n" } } },
    { "a period of none", 0, "0::/\n", { { "/cpu.max", "100000 0\n" } } },
    { "half a file", 0, "0::/\n", { { "/cpu.max", "100000" } } },
    { "no line's end", 0, "0::/", { { "/cpu.max", "100000 100000\n" } } },
    { "lines of nothing", 0, "\n0:\nabc\n::", { { "/cpu.max", "100000 100000\n" } } },
    { "version 1",
      2,
      "3:cpuset:/a\n2:cpu,cpuacct:/a\n1:memory:/a\n",
      { { "/cpu,cpuacct/a/cpu.cfs_quota_us", "120000\n" }, { "/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n" } } },
    { "version 1, no limit",
      0,
      "2:cpu,cpuacct:/\n",
      { { "/cpu,cpuacct/cpu.cfs_quota_us", "-1\n" }, { "/cpu,cpuacct/cpu.cfs_period_us", "100000\n" } } },
    { "version 1, an ancestor's, mounted as cpu",
      5,
      "4:cpu:/a/b\n",
      { { "/cpu/a/b/cpu.cfs_quota_us", "-1\n" },
        { "/cpu/a/b/cpu.cfs_period_us", "100000\n" },
        { "/cpu/a/cpu.cfs_quota_us", "450000\n" },
        { "/cpu/a/cpu.cfs_period_us", "100000\n" } } },
    { "version 1, the host's name of the group",
      1,
      "4:cpuacct,cpu:/docker/5f\n",
      { { "/cpuacct,cpu/cpu.cfs_quota_us", "50000\n" }, { "/cpuacct,cpu/cpu.cfs_period_us", "100000\n" } } },
    { "another controller",
      0,
      "4:cpuset:/\n",
      { { "/cpuset/cpu.cfs_quota_us", "50000\n" }, { "/cpuset/cpu.cfs_period_us", "100000\n" } } },
    { "both versions at once",
      2,
      "1:cpu:/a\n0::/b\n",
      { { "/cpu/a/cpu.cfs_quota_us", "400000\n" },
        { "/cpu/a/cpu.cfs_period_us", "100000\n" },
        { "/unified/b/cpu.max", "200000 100000\n" } } },
};

static void test_trees(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        char root[sizeof ROOT_TEMPLATE];
        make_root(root);
        if (trees[i].membership != NULL) write_file(root, "/proc/self/cgroup", trees[i].membership);
        for (int k = 0; k < FILES && trees[i].files[k].path != NULL; k++) {
            char path[256];
            snprintf(path, sizeof path, CGROUPS "%s", trees[i].files[k].path);
            write_file(root, path, trees[i].files[k].text);
        }
        const int64_t cpus = xent_cpus_quota(root);
        remove_root(root);
        if (cpus != trees[i].cpus)
            fail_msg("%s: %lld, expected %lld", trees[i].name, (long long)cpus, (long long)trees[i].cpus);
    }
}

/* The default is the fewer of both. */
static void test_default(void **state)
{
    cpu_set_t cpus;
    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof cpus, &cpus), 0);
    const int64_t quota = xent_cpus_quota(""), affinity = CPU_COUNT(&cpus);
    const int64_t fewer = quota != 0 && quota < affinity ? quota : affinity;
    assert_int_equal(xent_cpus_usable(), fewer);
    assert_int_equal(xent_num_threads(), fewer < XENT_MAX_THREADS ? fewer : XENT_MAX_THREADS);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees),
        cmocka_unit_test(test_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) { return 77; } /* no control groups */

#endif
