/* Multiply-adds of float32 in registers alone: what one core can do at most.
 * Prints how many floating-point operations it did in a second, two for each multiply-add. */

#include <stdio.h>
#include <time.h>

#ifdef __AVX512F__
#define BYTES 64
#else
#define BYTES 32
#endif
#define CHAINS 12 /* more than the latency of a multiply-add times how many start in a cycle */
#define TURNS 1000000

typedef float Vector __attribute__((vector_size(BYTES)));

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + 1e-9 * time.tv_nsec;
}

int main(void) {
    Vector chain[CHAINS], factor, term;
    for (unsigned lane = 0; lane < BYTES / sizeof(float); lane++)
        factor[lane] = 0.999f, term[lane] = 1e-3f;
    for (int i = 0; i < CHAINS; i++)
        chain[i] = factor * (float)i;
    double begun = now(), seconds, operations = 0;
    do {
        for (int turn = 0; turn < TURNS; turn++)
#pragma GCC unroll 12
            for (int i = 0; i < CHAINS; i++)
                chain[i] = chain[i] * factor + term;
        operations += 2.0 * TURNS * CHAINS * (BYTES / sizeof(float));
        seconds = now() - begun;
    } while (seconds < 1.0);
    float sum = 0; /* so that nothing is left out */
    for (int i = 0; i < CHAINS; i++)
        sum += chain[i][0];
    printf("%.9g %g\n", operations / seconds, sum);
    return 0;
}
