/* The default number of threads: CPUs by affinity, and by the CPU quota of the process's control groups, which are files of a tree made
 * for the test. */
#define _GNU_SOURCE /* sched_getaffinity, mkdtemp */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "args/options.h"
#include "support/expect.h"
#include "system/cpus.h"
#include "xent.h"

#ifdef __linux__

#include <sched.h>

#define CGROUPS "/sys/fs/cgroup"

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

/* Writes a file and the directories that lead to it. */
static void write_file(const char *root, const char *path, const char *text)
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

static void remove_groups(const char *root)
{
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", root);
    assert_int_equal(system(command), 0);
}

static void test_trees(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        char root[] = "cpus.XXXXXX";
        assert_non_null(mkdtemp(root));
        if (trees[i].membership != NULL) write_file(root, "/proc/self/cgroup", trees[i].membership);
        for (int k = 0; k < FILES && trees[i].files[k].path != NULL; k++) {
            char path[256];
            snprintf(path, sizeof path, CGROUPS "%s", trees[i].files[k].path);
            write_file(root, path, trees[i].files[k].text);
        }
        const int64_t cpus = xent_cpus_quota(root);
        remove_groups(root);
        if (cpus != trees[i].cpus)
            fail_msg("%s: %lld, expected %lld", trees[i].name, (long long)cpus, (long long)trees[i].cpus);
    }
}

/* A name too long for any file of it says nothing, and what is longer than the memory for it neither. */
static void test_long_names(void **state)
{
    static char membership[20000];
    static const size_t lengths[] = { 900, 1100, 7000, 8191, 8192, 19000 };
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char root[] = "cpus.XXXXXX";
        assert_non_null(mkdtemp(root));
        memset(membership, 'a', lengths[i]);
        memcpy(membership, "0::/", 4);
        strcpy(membership + lengths[i], "\n");
        write_file(root, "/proc/self/cgroup", membership);
        const int64_t cpus = xent_cpus_quota(root);
        remove_groups(root);
        assert_int_equal(cpus, 0);
    }
}

/* ---- What the system refuses --------------------------------------------------------------------------------------------- */

static int reads, failing_read; /* counted from 1; 0: none fails */
static bool no_affinity, no_sysconf;

ssize_t __real_read(int file, void *to, size_t size);
ssize_t __wrap_read(int file, void *to, size_t size);
int __real_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set);
int __wrap_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set);
long __real_sysconf(int name);
long __wrap_sysconf(int name);

ssize_t __wrap_read(int file, void *to, size_t size)
{
    if (++reads != failing_read) return __real_read(file, to, size);
    errno = EIO;
    return -1;
}

int __wrap_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set)
{
    return no_affinity ? -1 : __real_sched_getaffinity(process, size, set);
}

long __wrap_sysconf(int name) { return no_sysconf && name == _SC_NPROCESSORS_ONLN ? -1 : __real_sysconf(name); }

static int open_files(void)
{
    DIR *files = opendir("/proc/self/fd");
    int count = 0;
    if (files == NULL) return 0;
    while (readdir(files) != NULL) count++;
    closedir(files);
    return count;
}

/* A group within another, of 3 CPUs and of 2; the caller's to remove. */
static void make_groups(char *root)
{
    assert_non_null(mkdtemp(root));
    write_file(root, "/proc/self/cgroup", "0::/a/b\n");
    write_file(root, CGROUPS "/a/b/cpu.max", "300000 100000\n");
    write_file(root, CGROUPS "/a/cpu.max", "200000 100000\n");
}

/* A file that cannot be read to its end says nothing; the others do, and none stays open. */
static void test_reads_fail(void **state)
{
    /* the membership, which names the groups; each group's limit; and once more each, where a file has ended */
    static const int64_t cpus[] = { 2, 0, 0, 2, 2, 3, 3, 2 };
    char root[] = "cpus.XXXXXX";
    (void)state;
    make_groups(root);
    const int files = open_files();
    for (failing_read = 0; failing_read < (int)(sizeof cpus / sizeof cpus[0]); failing_read++) {
        reads = 0;
        assert_int_equal(xent_cpus_quota(root), cpus[failing_read]);
    }
    failing_read = 0;
    assert_int_equal(open_files(), files);
    remove_groups(root);
}

/* Where standard input is closed, the first file that is opened is number 0. */
static void test_file_0(void **state)
{
    char root[] = "cpus.XXXXXX";
    (void)state;
    make_groups(root);
    const int input = dup(0);
    assert_true(input > 0);
    assert_int_equal(close(0), 0);
    const int files = open_files();
    const int64_t cpus = xent_cpus_quota(root);
    const int left = open_files();
    assert_int_equal(dup2(input, 0), 0);
    assert_int_equal(close(input), 0);
    remove_groups(root);
    assert_int_equal(cpus, 2);
    assert_int_equal(left, files);
}

/* With neither there is one CPU. */
static void test_cpus_are_not_told(void **state)
{
    (void)state;
    no_affinity = true;
    const int64_t quota = xent_cpus_quota(""), online = sysconf(_SC_NPROCESSORS_ONLN);
    const int64_t fewer = quota != 0 && quota < online ? quota : online;
    assert_int_equal(xent_cpus_usable(), fewer < XENT_MAX_THREADS ? fewer : XENT_MAX_THREADS);
    no_sysconf = true;
    assert_int_equal(xent_cpus_usable(), 1);
    no_affinity = no_sysconf = false;
}

struct cancelled {
    const char *root;
    int64_t cpus;
};

static void *ask_cancelled(void *argument)
{
    struct cancelled *c = argument;
    pthread_cancel(pthread_self());
    c->cpus = xent_cpus_quota(c->root);
    pthread_testcancel();
    return NULL;
}

/* A thread that has been cancelled gets its answer, and ends where its own code allows that. */
static void test_cancelled_caller(void **state)
{
    char root[] = "cpus.XXXXXX";
    struct cancelled cancelled = { root, -1 };
    pthread_t thread;
    void *result = NULL;
    (void)state;
    make_groups(root);
    const int files = open_files();
    assert_int_equal(pthread_create(&thread, NULL, ask_cancelled, &cancelled), 0);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, PTHREAD_CANCELED);
    assert_int_equal(cancelled.cpus, 2);
    assert_int_equal(open_files(), files);
    remove_groups(root);
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
        cmocka_unit_test(test_trees),   cmocka_unit_test(test_long_names),        cmocka_unit_test(test_reads_fail),
        cmocka_unit_test(test_file_0),  cmocka_unit_test(test_cpus_are_not_told), cmocka_unit_test(test_cancelled_caller),
        cmocka_unit_test(test_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) { return 77; } /* no control groups */

#endif
