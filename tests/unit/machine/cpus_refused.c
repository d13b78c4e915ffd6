/* The CPUs of a process where the system refuses to say, or says more than there is room for. */
#define _GNU_SOURCE /* sched_getaffinity */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "args/options.h"
#include "control_groups.h"
#include "support/expect.h"
#include "system/cpus.h"

#ifdef __linux__

#include <sched.h>

static int reads, failing_read;        /* counted from 1; 0: none fails */
static size_t longest_read = SIZE_MAX; /* that the system grants */
static bool no_affinity, no_sysconf;
static size_t cpu_bits; /* of a machine that may have more CPUs than a cpu_set_t; 0: of this one */

ssize_t __real_read(int file, void *to, size_t size);
ssize_t __wrap_read(int file, void *to, size_t size);
int __real_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set);
int __wrap_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set);
long __real_sysconf(int name);
long __wrap_sysconf(int name);

ssize_t __wrap_read(int file, void *to, size_t size)
{
    if (++reads != failing_read) return __real_read(file, to, size < longest_read ? size : longest_read);
    errno = EIO;
    return -1;
}

int __wrap_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set)
{
    if (no_affinity || 8 * size < cpu_bits) {
        errno = no_affinity ? EPERM : EINVAL;
        return -1;
    }
    if (cpu_bits == 0) return __real_sched_getaffinity(process, size, set);
    CPU_ZERO_S(size, set);
    CPU_SET_S(0, size, set);
    CPU_SET_S(cpu_bits - 1, size, set);
    return 0;
}

long __wrap_sysconf(int name) { return no_sysconf && name == _SC_NPROCESSORS_ONLN ? -1 : __real_sysconf(name); }

/* A name too long for any file of it says nothing, and what is longer than the memory for it neither, in whatever pieces it is read. */
static void test_long_names(void **state)
{
    static const char of_3_cpus[] = "4:cpu:/b\n", begun[] = "0::/";
    static const struct {
        size_t length;
        int64_t cpus;
    } names[] = { { 900, 2 }, { 1100, 3 }, { 8190, 3 }, { 8191, 0 }, { 8192, 0 }, { 19000, 0 } };
    static char membership[20000];
    (void)state;
    for (size_t i = 0; i < 2 * sizeof names / sizeof names[0]; i++) {
        char root[sizeof ROOT_TEMPLATE];
        make_root(root);
        memset(membership, 'a', names[i / 2].length);
        memcpy(membership, of_3_cpus, strlen(of_3_cpus));
        memcpy(membership + strlen(of_3_cpus), begun, strlen(begun));
        strcpy(membership + names[i / 2].length, "\n");
        write_file(root, "/proc/self/cgroup", membership);
        write_file(root, CGROUPS "/cpu/b/cpu.cfs_quota_us", "300000\n");
        write_file(root, CGROUPS "/cpu/b/cpu.cfs_period_us", "100000\n");
        write_file(root, CGROUPS "/cpu.max", "200000 100000\n");
        longest_read = i % 2 == 0 ? SIZE_MAX : 7;
        const int64_t cpus = xent_cpus_quota(root);
        longest_read = SIZE_MAX;
        remove_root(root);
        assert_int_equal(cpus, names[i / 2].cpus);
    }
}

static int open_files(void)
{
    DIR *files = opendir("/proc/self/fd");
    int count = 0;
    if (files == NULL) return 0;
    while (readdir(files) != NULL) count++;
    closedir(files);
    return count;
}

/* A file that cannot be read to its end says nothing; the others do, and none stays open. */
static void test_reads_fail(void **state)
{
    /* the membership, which names the groups; each group's limit; and once more each, where a file has ended */
    static const int64_t cpus[] = { 2, 0, 0, 2, 2, 3, 3, 2 };
    char root[sizeof ROOT_TEMPLATE];
    (void)state;
    make_groups(root);
    const int files = open_files();
    for (failing_read = 0; failing_read < (int)(sizeof cpus / sizeof cpus[0]); failing_read++) {
        reads = 0;
        assert_int_equal(xent_cpus_quota(root), cpus[failing_read]);
    }
    failing_read = 0;
    assert_int_equal(open_files(), files);
    remove_root(root);
}

/* Where standard input is closed, the first file that is opened is number 0. */
static void test_file_0(void **state)
{
    char root[sizeof ROOT_TEMPLATE];
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
    remove_root(root);
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

/* The last of so many CPUs and the first one are this process's. */
static void test_large_machines(void **state)
{
    static const size_t machines[] = { 1024, 1025, 8192 };
    const int64_t quota = xent_cpus_quota("");
    (void)state;
    no_sysconf = true;
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        cpu_bits = machines[i];
        assert_int_equal(xent_cpus_usable(), quota == 1 ? 1 : 2);
    }
    cpu_bits = 0;
    no_sysconf = false;
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
    char root[sizeof ROOT_TEMPLATE];
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
    remove_root(root);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_names),     cmocka_unit_test(test_reads_fail),
        cmocka_unit_test(test_file_0),         cmocka_unit_test(test_cpus_are_not_told),
        cmocka_unit_test(test_large_machines), cmocka_unit_test(test_cancelled_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) { return 77; } /* no control groups */

#endif
