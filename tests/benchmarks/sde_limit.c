/* The near-physical limit for one step of label-noise gradient flow, dΘ = S(β − W1W2)Θ dt + √c S(dB)Θ.
 *
 * Euler–Maruyama in double precision, compiled for fixed sizes P, K, L: as fast as this computation
 * was made to go on one machine, with no regard for reading. bench_simulation.py builds and runs it
 *
 *     cc -O3 -march=native -mprefer-vector-width=512 -ffast-math -fopenmp -DP=5 -DK=2 -DL=10 \
 *        sde_limit.c -o sde_limit -lm
 *     OMP_NUM_THREADS=1 ./sde_limit PATHS STEPS H C < problem
 *
 * where `problem` holds β, W1 and W2' as doubles, row by row. It prints one line a variant: its name,
 * the number of path-steps, seconds on the clock, seconds of processor time over all threads, the mean
 * of |W1|² at the end and the standard error of that mean.
 *
 *     one    one path at a time, vectors along l
 *     eight  eight paths at a time, vectors along the paths (small sizes alone)
 *
 * Derived from the reference implementation sde_limit.c that this project's speed anchors were
 * measured with; generators, polynomials and loops are its. xoshiro256++: D. Blackman, S. Vigna,
 * prng.di.unimi.it (public domain). Logarithm and sine kernels: fdlibm, © 1993 Sun Microsystems.
 */
#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VL 8
#define EIGHT_FITS (P * L <= 512)
/* Steps whose normals are drawn together; P*K*STEPS_AT_ONCE is a multiple of 2*VL. */
#define STEPS_AT_ONCE (P * K > 100 ? 16 : 48)

typedef double vd __attribute__((vector_size(8 * VL)));
typedef uint64_t vu __attribute__((vector_size(8 * VL)));
typedef int64_t vi __attribute__((vector_size(8 * VL)));
typedef struct { vu s[4]; } stream;

static double beta[P][K], theta[P + K][L];
static double H, C;
static int STEPS;

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static uint64_t splitmix(uint64_t *x) {
    uint64_t z = (*x += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static void seed(stream *r, uint64_t key) {
    uint64_t x = key * 7919 + 3;
    for (int i = 0; i < 4; i++)
        for (int l = 0; l < VL; l++) r->s[i][l] = splitmix(&x);
}

static inline vu next(stream *r) {
    vu *s = r->s, a = s[0] + s[3], result = ((a << 23) | (a >> 41)) + s[0], t = s[1] << 17;
    s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t;
    s[3] = (s[3] << 45) | (s[3] >> 19);
    return result;
}

static inline vd uniform(stream *r) {
    vu bits = (next(r) >> 12) | 0x3ff0000000000000ULL;
    return (vd)bits - (1.0 - 0x1p-53);
}

static inline vd logarithm(vd u) {
    vu b = (vu)u - 0x3fe6a09e667f3bcdULL;
    vi e = ((vi)b) >> 52;
    vd m = (vd)((vu)u - ((vu)e << 52)), k = __builtin_convertvector(e, vd);
    vd f = m - 1, q = f / (2 + f), z = q * q, w = z * z, h = .5 * f * f;
    vd t1 = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    vd t2 = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01
          + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
    return k * 6.931471805599453e-01 - ((h - q * (h + t1 + t2)) - f);
}

/* sin and cos of 2πv; conversion instead of the usual magic number, which -ffast-math would fold. */
static inline void sine_cosine(vd v, vd *sine, vd *cosine) {
    vd y = 4 * v;
    vi q = __builtin_convertvector(y + 0.5, vi);
    vd r = (y - __builtin_convertvector(q, vd)) * 1.5707963267948966, z = r * r;
    vd s = r + r * z * (-1.66666666666666324348e-01 + z * (8.33333333332248946124e-03
         + z * (-1.98412698298579493134e-04 + z * (2.75573137070700676789e-06
         + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)))));
    vd c = 1 - .5 * z + z * z * (4.16666666666666019037e-02 + z * (-1.38888888888741095749e-03
         + z * (2.48015872894767294178e-05 + z * (-2.75573143513906633035e-07
         + z * (2.08757232129817482790e-09 - z * 1.13596475577881948265e-11)))));
    vi odd = -(q & 1);
    vd a = (vd)((odd & (vi)c) | (~odd & (vi)s)), b = (vd)((odd & (vi)s) | (~odd & (vi)c));
    *sine = (vd)((vi)a ^ ((q & 2) << 62));
    *cosine = (vd)((vi)b ^ (((q + 1) & 2) << 62));
}

/* Box–Muller: an even number of vectors of normals. */
static void normals(stream *r, double *restrict out, int vectors) {
    for (int i = 0; i < vectors; i += 2) {
        vd u = uniform(r), v = uniform(r), s, c, g = -2 * logarithm(u);
        double t[VL] __attribute__((aligned(64)));
        *(vd *)t = g;
        for (int l = 0; l < VL; l++) t[l] = sqrt(t[l]);
        g = *(vd *)t;
        sine_cosine(v, &s, &c);
        *(vd *)(out + i * VL) = g * c;
        *(vd *)(out + (i + 1) * VL) = g * s;
    }
}

static double one_path(stream *r) {
    double U[P][L], V[K][L], scale = sqrt(C * H);
    double z[STEPS_AT_ONCE * P * K] __attribute__((aligned(64)));
    memcpy(U, theta, sizeof U);
    memcpy(V, theta + P, sizeof V);
    for (int t = 0; t < STEPS; t++) {
        double D[K][L];
        memcpy(D, V, sizeof D);
        if (t % STEPS_AT_ONCE == 0) normals(r, z, STEPS_AT_ONCE * P * K / VL);
        for (int i = 0; i < P; i++) {
            double M[K];
            for (int j = 0; j < K; j++) {
                double s = 0;
                for (int a = 0; a < L; a++) s += U[i][a] * V[j][a];
                M[j] = H * (beta[i][j] - s) + scale * z[(t % STEPS_AT_ONCE) * P * K + i * K + j];
            }
            for (int a = 0; a < L; a++) {
                double u = U[i][a], s = u;
                for (int j = 0; j < K; j++) { D[j][a] += M[j] * u; s += M[j] * V[j][a]; }
                U[i][a] = s;
            }
        }
        memcpy(V, D, sizeof V);
    }
    double s = 0;
    for (int i = 0; i < P; i++)
        for (int a = 0; a < L; a++) s += U[i][a] * U[i][a];
    return s;
}

#if EIGHT_FITS
static vd eight_paths(stream *r) {
    vd U[P][L], V[K][L];
    double scale = sqrt(C * H), buffer[STEPS_AT_ONCE * P * K * VL] __attribute__((aligned(64)));
    for (int i = 0; i < P; i++)
        for (int a = 0; a < L; a++) U[i][a] = theta[i][a] - (vd){};
    for (int j = 0; j < K; j++)
        for (int a = 0; a < L; a++) V[j][a] = theta[P + j][a] - (vd){};
    for (int t = 0; t < STEPS; t++) {
        if (t % STEPS_AT_ONCE == 0) normals(r, buffer, STEPS_AT_ONCE * P * K);
        vd *z = (vd *)(buffer + (t % STEPS_AT_ONCE) * P * K * VL), M[P][K], D[K][L];
        for (int i = 0; i < P; i++)
            for (int j = 0; j < K; j++) {
                vd s = (vd){};
                for (int a = 0; a < L; a++) s += U[i][a] * V[j][a];
                M[i][j] = H * (beta[i][j] - s) + scale * z[i * K + j];
            }
        for (int j = 0; j < K; j++)
            for (int a = 0; a < L; a++) D[j][a] = V[j][a];
        for (int i = 0; i < P; i++)
            for (int a = 0; a < L; a++) {
                vd u = U[i][a], s = u;
                for (int j = 0; j < K; j++) { D[j][a] += M[i][j] * u; s += M[i][j] * V[j][a]; }
                U[i][a] = s;
            }
        for (int j = 0; j < K; j++)
            for (int a = 0; a < L; a++) V[j][a] = D[j][a];
    }
    vd s = (vd){};
    for (int i = 0; i < P; i++)
        for (int a = 0; a < L; a++) s += U[i][a] * U[i][a];
    return s;
}
#endif

static void report(const char *name, long paths, double wall, double cpu, double sum, double squares) {
    double mean = sum / paths, variance = squares / paths - mean * mean;
    printf("%s %ld %.9g %.9g %.9g %.3g\n", name, paths * STEPS, wall, cpu, mean, sqrt(variance / paths));
}

int main(int argc, char **argv) {
    if (argc < 5 || fread(beta, sizeof beta, 1, stdin) != 1 || fread(theta, sizeof theta, 1, stdin) != 1) {
        fprintf(stderr, "usage: sde_limit PATHS STEPS H C < problem\n");
        return 2;
    }
    long paths = atol(argv[1]) / VL * VL;
    STEPS = atoi(argv[2]);
    H = atof(argv[3]);
    C = atof(argv[4]);
    for (int variant = 0; variant < 1 + EIGHT_FITS; variant++) {
        double sum = 0, squares = 0;
        double wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
        #pragma omp parallel reduction(+ : sum, squares)
        {
            stream r;
            seed(&r, omp_get_thread_num() + 17 + 100 * variant);
            if (variant == 0) {
                #pragma omp for schedule(static)
                for (long n = 0; n < paths; n++) {
                    double s = one_path(&r);
                    sum += s;
                    squares += s * s;
                }
            }
#if EIGHT_FITS
            else {
                #pragma omp for schedule(static)
                for (long n = 0; n < paths / VL; n++) {
                    vd s = eight_paths(&r);
                    for (int l = 0; l < VL; l++) { sum += s[l]; squares += s[l] * s[l]; }
                }
            }
#endif
        }
        wall = now(CLOCK_MONOTONIC) - wall;
        cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
        report(variant ? "eight" : "one", paths, wall, cpu, sum, squares);
    }
    return 0;
}
