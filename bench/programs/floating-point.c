// Floating-point programs. Products are fused with sums explicitly, so that results are the same on every architecture.
#include <math.h>
#include <string.h>

#include "bench.h"

#define FUSED(a, b, c) __builtin_fma(a, b, c)

static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

uint64_t run_matrix_double(uint64_t loops) {
  enum { n = 100 };
  static double a[n][n], b[n][n], c[n][n];
  uint64_t sum = 0;
  for (int i = 0; i < n * n; i++) a[i / n][i % n] = (i % 17) * 0.37 + 1, b[i / n][i % n] = (i % 13) * 0.11 - 0.7;
  for (uint64_t loop = 0; loop < loops; loop++) {
    for (int i = 0; i < n; i++)
      for (int j = 0; j < n; j++) {
        double dot = 0;
        for (int k = 0; k < n; k++) dot = FUSED(a[i][k], b[k][j], dot);
        c[i][j] = dot;
      }
    sum = mix(sum, bits_of(c[loop % n][3]));
    a[loop % n][loop % 7] += 0.5;
  }
  return sum;
}

struct body {
  double x[3], v[3], mass;
};

static NOINLINE void advance(struct body *bodies, int count, double dt) {
  for (int i = 0; i < count; i++) {
    struct body *p = &bodies[i];
    for (int j = i + 1; j < count; j++) {
      struct body *q = &bodies[j];
      double dx = p->x[0] - q->x[0], dy = p->x[1] - q->x[1], dz = p->x[2] - q->x[2];
      double square = FUSED(dx, dx, FUSED(dy, dy, dz * dz));
      double magnitude = dt / (square * __builtin_sqrt(square));
      double pm = p->mass * magnitude, qm = q->mass * magnitude;
      p->v[0] = FUSED(-dx, qm, p->v[0]), p->v[1] = FUSED(-dy, qm, p->v[1]), p->v[2] = FUSED(-dz, qm, p->v[2]);
      q->v[0] = FUSED(dx, pm, q->v[0]), q->v[1] = FUSED(dy, pm, q->v[1]), q->v[2] = FUSED(dz, pm, q->v[2]);
    }
  }
  for (int i = 0; i < count; i++)
    for (int k = 0; k < 3; k++) bodies[i].x[k] = FUSED(dt, bodies[i].v[k], bodies[i].x[k]);
}

static double energy_of(const struct body *bodies, int count) {
  double energy = 0;
  for (int i = 0; i < count; i++) {
    const struct body *p = &bodies[i];
    double square = FUSED(p->v[0], p->v[0], FUSED(p->v[1], p->v[1], p->v[2] * p->v[2]));
    energy = FUSED(0.5 * p->mass, square, energy);
    for (int j = i + 1; j < count; j++) {
      double distance = 0;
      for (int k = 0; k < 3; k++) {
        double d = p->x[k] - bodies[j].x[k];
        distance = FUSED(d, d, distance);
      }
      energy -= p->mass * bodies[j].mass / __builtin_sqrt(distance);
    }
  }
  return energy;
}

uint64_t run_nbody(uint64_t loops) {
  // A heavy body and four light ones on near-circular orbits: the energy must stay as it is.
  struct body bodies[5] = {{{0, 0, 0}, {0, 0, 0}, 40}};
  for (int i = 1; i < 5; i++) {
    double radius = 3.0 + 2 * i, speed = __builtin_sqrt(40 / radius);
    bodies[i] = (struct body){{radius, 0.1 * i, 0.05 * i}, {0.01 * i, speed, 0.02}, 0.001 * i};
  }
  double before = energy_of(bodies, 5);
  for (uint64_t i = 0; i < loops * 500; i++) advance(bodies, 5, 0.001);
  double after = energy_of(bodies, 5);
  check(__builtin_fabs(after - before) < 1e-3 * __builtin_fabs(before));
  return mix(bits_of(after), bits_of(bodies[2].x[0]));
}

uint64_t run_mandelbrot(uint64_t loops) {
  enum { width = 120, height = 80, most = 100 };
  uint64_t sum = 0;
  for (uint64_t loop = 0; loop < loops; loop++) {
    uint64_t inside = 0;
    for (int row = 0; row < height; row++)
      for (int column = 0; column < width; column++) {
        double cr = column * (3.0 / width) - 2.2 + loop * 1e-4, ci = row * (2.4 / height) - 1.2, x = 0, y = 0;
        int step = 0;
        for (; step < most; step++) {
          double xx = x * x, yy = y * y;
          if (xx + yy > 4) break;
          y = FUSED(2 * x, y, ci);
          x = xx - yy + cr;
        }
        inside += step == most;
        sum = mix(sum, step);
      }
    check(inside > width * height / 8 && inside < width * height / 2);
  }
  return sum;
}

uint64_t run_single(uint64_t loops) {
  // A recursive filter and a dot product in single precision, with conversions.
  enum { count = 4096 };
  static float signal[count], filtered[count];
  for (int i = 0; i < count; i++) signal[i] = (float)((i * 37 % 101) - 50) * 0.02f;
  uint64_t sum = 0;
  for (uint64_t loop = 0; loop < loops; loop++) {
    float low = 0, band = 0, dot = 0;
    for (int i = 0; i < count; i++) {
      band = band + 0.3f * (signal[i] - low - band);
      low = low + 0.3f * band;
      filtered[i] = low;
    }
    for (int i = 0; i < count; i++) dot = __builtin_fmaf(signal[i], filtered[i], dot);
    check(dot > -1e4f && dot < 1e4f);
    sum = mix(sum, (uint64_t)(int64_t)(dot * 1024.0f));
    signal[loop % count] += 0.01f;
  }
  return sum;
}
