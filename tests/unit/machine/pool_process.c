/* The library's own threads in a program's process: none are started for a call on one thread, none does anything between calls, signals
   stay with the program, memory may fault under them, and dlclose does not take the code that they sleep in. */
#define _GNU_SOURCE /* dladdr, RTLD_NOLOAD, MAP_ANONYMOUS */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <dirent.h>
#include <stdio.h>
#endif

#include "support/backend.h"
#include "support/effort.h"
#include "support/exam.h"

enum { ROWS = 170, CLASSES = 1000, THREADS = 5 }; /* work enough for so many threads, and little more */

/* ---- What it costs ------------------------------------------------------------------------------------------------------- */

#ifdef __linux__

/* The threads of this process, and how often all of them together have been put to sleep or interrupted. */
static int count_threads(long *switches)
{
    DIR *tasks = opendir("/proc/self/task");
    int threads = 0;
    assert_non_null(tasks);
    *switches = 0;
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        char path[300], line[200];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
        FILE *status = fopen(path, "r");
        if (status == NULL) continue;
        threads++;
        if (atoi(entry->d_name) != (int)getpid())
            while (fgets(line, sizeof line, status) != NULL) {
                long number;
                if (sscanf(line, "voluntary_ctxt_switches: %ld", &number) == 1) *switches += number;
                if (sscanf(line, "nonvoluntary_ctxt_switches: %ld", &number) == 1) *switches += number;
            }
        fclose(status);
    }
    closedir(tasks);
    return threads;
}

/* In a child, where no test has started a thread yet; an emulator has some of its own. */
static void count_in_child(void)
{
    struct exam e = exam_new(XENT_F32, ROWS, CLASSES, false);
    long before, after;
    const char *emulator = getenv("XENT_TEST_EMULATOR");
    const int others = count_threads(&before);
    if (others != 1 && (emulator == NULL || *emulator == '\0')) _exit(4);
    expect_ok(xent_set_num_threads(1));
    exam_solve(&e);
    if (count_threads(&before) != others) _exit(1);
    expect_ok(xent_set_num_threads(3));
    exam_solve(&e);
    exam_solve(&e);
    if (count_threads(&before) != others + 2) _exit(2);
    /* on a busy machine it can take the last job's workers a while to go to sleep; then nothing wakes them */
    for (int i = 0; i < 100; i++) {
        count_threads(&before);
        nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
        count_threads(&after);
        if (before == after) _exit(0);
    }
    _exit(3);
}

/* The thread sanitizer has a thread too, which never sleeps for long. */
static void test_threads_are_few_and_idle(void **state)
{
    (void)state;
    if (has_thread_sanitizer()) skip();
    pid_t child = fork();
    int status = 0;
    assert_true(child >= 0);
    if (child == 0) count_in_child();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#endif

/* ---- Signals and dlclose ------------------------------------------------------------------------------------------------- */

static pthread_t receiver;

static void note_receiver(int signal_number)
{
    (void)signal_number;
    receiver = pthread_self();
}

/* A signal sent to the process reaches a thread of the program. */
static void test_signals_stay_with_the_program(void **state)
{
    (void)state;
    struct exam e = exam_new(XENT_F32, ROWS, CLASSES, false);
    struct sigaction action = { .sa_handler = note_receiver }, before;
    sigset_t mask, old;
    expect_ok(xent_set_num_threads(THREADS));
    exam_solve(&e);
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &mask, &old);
    memset(&receiver, 0, sizeof receiver);
    kill(getpid(), SIGUSR1);
    nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL); /* a thread that would take it has had the time */
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    assert_true(pthread_equal(receiver, pthread_self()));
    sigaction(SIGUSR1, &before, NULL);
    exam_free(&e);
}

static atomic_int interruptions;

static void interrupt(int signal_number)
{
    (void)signal_number;
    atomic_fetch_add(&interruptions, 1);
}

/* Signals may come at any instruction of a call, and between the threads of one. */
static void test_interrupted_calls(void **state)
{
    (void)state;
    struct exam want = exam_new(XENT_F32, ROWS, CLASSES, false), got = exam_new(XENT_F32, ROWS, CLASSES, false);
    const struct sigaction action = { .sa_handler = interrupt };
    const struct itimerval often = { .it_interval = { .tv_usec = 300 }, .it_value = { .tv_usec = 300 } };
    const struct itimerval never = { .it_value = { .tv_sec = 0 } };
    expect_ok(xent_set_num_threads(1));
    exam_solve(&want);
    expect_ok(xent_set_num_threads(THREADS));
    atomic_store(&interruptions, 0);
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    do exam_solve(&got);
    while (atomic_load(&interruptions) < 20);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0); /* the handler stays for a signal that is on its way */
    assert_memory_equal(got.answers, want.answers, want.size);
    exam_free(&want);
    exam_free(&got);
}

static size_t page;
static atomic_int faults;

/* Gives the page that was touched to whoever touched it. */
static void open_page(int signal_number, siginfo_t *info, void *context)
{
    uintptr_t at = (uintptr_t)info->si_addr / page * page;
    (void)signal_number;
    (void)context;
    atomic_fetch_add(&faults, 1);
    if (mprotect((void *)at, page, PROT_READ | PROT_WRITE) != 0) _exit(1);
}

/* A program may fill its memory as it is touched, by whatever thread. */
static void test_memory_that_faults(void **state)
{
    (void)state;
    const size_t size = sizeof(float) * ROWS * CLASSES;
    struct sigaction action = { .sa_sigaction = open_page, .sa_flags = SA_SIGINFO }, before;
    xent_tensor *z;
    page = (size_t)sysconf(_SC_PAGESIZE);
    float *memory = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    expect_ok(xent_tensor_wrap(&z, XENT_F32, 2, (const int64_t[]){ ROWS, CLASSES }, NULL, memory));
    expect_ok(xent_set_num_threads(THREADS));
    atomic_store(&faults, 0);
    assert_int_equal(sigaction(SIGSEGV, &action, &before), 0);
    expect_ok(xent_softmax(z, 1, z));
    sigaction(SIGSEGV, &before, NULL);
    assert_in_range(atomic_load(&faults), size / page, THREADS * (size / page + 1));
    for (size_t i = 0; i < ROWS * CLASSES; i++) assert_true(memory[i] == 1.0F / CLASSES);
    xent_tensor_destroy(z);
    munmap(memory, size);
}

/* The code that sleeping threads wake up in must not go. */
static void test_dlclose(void **state)
{
    (void)state;
    Dl_info info;
    struct exam e = exam_new(XENT_F32, ROWS, CLASSES, false);
    expect_ok(xent_set_num_threads(THREADS));
    exam_solve(&e);
    assert_int_not_equal(dladdr((const void *)(uintptr_t)xent_version, &info), 0);
    void *library = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
    assert_non_null(library);
    for (int i = 0; i < 3; i++) dlclose(library);
    assert_non_null(dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD));
    exam_solve(&e);
    exam_free(&e);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#ifdef __linux__
        cmocka_unit_test(test_threads_are_few_and_idle), /* first: it forks before there are threads */
#endif
        cmocka_unit_test(test_signals_stay_with_the_program),
        cmocka_unit_test(test_interrupted_calls),
        cmocka_unit_test(test_memory_that_faults),
        cmocka_unit_test(test_dlclose),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
