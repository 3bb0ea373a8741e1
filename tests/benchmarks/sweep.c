/* Two loops over pairs of moving averages that the sweep is measured against.
 *
 * Both hold all cash in one symbol from the close on which the fast average has crossed
 * above the slow one to the close on which it has crossed below, pay a fee on each fill,
 * and give four figures a pair: total return, Sharpe ratio, deepest drawdown, round trips.
 *
 * plain: bar by bar, as one writes it first.
 * tuned: 64 bars of signals at a time as a mask, from event to event by trailing zeros,
 *        statistics of a holding from prefix sums, drawdown from blocks of bars.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define WORD 64

static void put(double *out, double equity, double sum, double squares, long bars,
                double fall, long trips, double year)
{
    double mean = sum / bars;
    double variance = (squares - sum * mean) / (bars - 1);
    out[0] = equity - 1.0;
    out[1] = variance > 0.0 ? mean / sqrt(variance) * sqrt(year) : NAN;
    out[2] = fall;
    out[3] = (double)trips;
}

/* Averages of some windows: the new value is added, the oldest taken away after.
 * Eight windows go abreast, because each waits for its own sum. */
void averages(const double *close, long bars, const int64_t *window, long count, double *out)
{
    for (long first = 0; first < count; first += 8) {
        long many = count - first < 8 ? count - first : 8;
        double total[8] = {0.0};
        for (long t = 0; t < bars; t++)
            for (long w = 0; w < many; w++) {
                long size = window[first + w];
                double *row = out + (first + w) * bars;
                total[w] += close[t];
                row[t] = NAN;
                if (t >= size - 1) {
                    row[t] = total[w] / size;
                    total[w] -= close[t - size + 1];
                }
            }
    }
}

/* fast, slow: rows of averages; pairs (first[k], second[k]) are rows of them. */
void plain(const double *close, long bars, const double *fast, const double *slow,
           const int64_t *first, const int64_t *second, long pairs,
           double fee, double year, double *out)
{
    for (long k = 0; k < pairs; k++) {
        const double *a = fast + first[k] * bars, *b = slow + second[k] * bars;
        double cash = 1.0, held = 0.0, before = 1.0, peak = 1.0, fall = 0.0;
        double sum = 0.0, squares = 0.0;
        int side = 0;
        long trips = 0;
        for (long t = 0; t < bars; t++) {
            if (a[t] > b[t]) {
                if (side < 0 && held == 0.0) {
                    held = cash / (1.0 + fee) / close[t];
                    cash = 0.0;
                }
                side = 1;
            } else if (a[t] < b[t]) {
                if (side > 0 && held > 0.0) {
                    cash = held * close[t] * (1.0 - fee);
                    held = 0.0;
                    trips++;
                }
                side = -1;
            }
            double equity = cash + held * close[t];
            double r = equity / before - 1.0;
            sum += r;
            squares += r * r;
            if (equity > peak)
                peak = equity;
            double under = equity / peak - 1.0;
            if (under < fall)
                fall = under;
            before = equity;
        }
        put(out + 4 * k, before, sum, squares, bars, fall, trips, year);
    }
}

/* What every pair shares: sums of returns and of their squares, and blocks of closes. */
struct shared {
    double *sum, *squares, *high, *low, *fall;
};

static void fall_over(const double *close, const struct shared *of, long from, long to,
                      double *peak, double *fall)
{
    double top = *peak, worst = *fall;
    long t = from;
    while (t < to) {
        if (t % WORD == 0 && t + WORD <= to) {
            long block = t / WORD;
            double under = of->low[block] / top - 1.0;
            worst = under < worst ? under : worst;
            worst = of->fall[block] < worst ? of->fall[block] : worst;
            top = of->high[block] > top ? of->high[block] : top;
            t += WORD;
        } else {
            long end = (t / WORD + 1) * WORD;
            end = end < to ? end : to;
            for (; t < end; t++) {
                top = close[t] > top ? close[t] : top;
                double under = close[t] / top - 1.0;
                worst = under < worst ? under : worst;
            }
        }
    }
    *peak = top;
    *fall = worst;
}

/* Bit j tells whether a[j] > b[j]. */
static uint64_t over(const double *a, const double *b)
{
    uint64_t mask = 0;
#if defined(__AVX512F__)
    for (int j = 0; j < WORD; j += 8)
        mask |= (uint64_t)_mm512_cmp_pd_mask(_mm512_loadu_pd(a + j), _mm512_loadu_pd(b + j),
                                             _CMP_GT_OQ) << j;
#elif defined(__AVX2__)
    for (int j = 0; j < WORD; j += 4)
        mask |= (uint64_t)_mm256_movemask_pd(_mm256_cmp_pd(
                    _mm256_loadu_pd(a + j), _mm256_loadu_pd(b + j), _CMP_GT_OQ)) << j;
#else
    for (int j = 0; j < WORD; j++)
        mask |= (uint64_t)(a[j] > b[j]) << j;
#endif
    return mask;
}

void tuned(const double *close, long bars, const double *fast, const double *slow,
           const int64_t *first, const int64_t *second, long pairs,
           double fee, double year, double *out)
{
    long words = (bars + WORD - 1) / WORD;
    struct shared of = {
        malloc((bars + 1) * sizeof(double)), malloc((bars + 1) * sizeof(double)),
        malloc(words * sizeof(double)), malloc(words * sizeof(double)),
        malloc(words * sizeof(double)),
    };
    of.sum[0] = of.squares[0] = 0.0;
    for (long t = 0; t < bars; t++) {
        double r = t ? close[t] / close[t - 1] - 1.0 : 0.0;
        of.sum[t + 1] = of.sum[t] + r;
        of.squares[t + 1] = of.squares[t] + r * r;
        long block = t / WORD;
        if (t % WORD == 0) {
            of.high[block] = of.low[block] = close[t];
            of.fall[block] = 0.0;
        }
        of.high[block] = close[t] > of.high[block] ? close[t] : of.high[block];
        of.low[block] = close[t] < of.low[block] ? close[t] : of.low[block];
        double under = close[t] / of.high[block] - 1.0;
        of.fall[block] = under < of.fall[block] ? under : of.fall[block];
    }
    for (long k = 0; k < pairs; k++) {
        const double *a = fast + first[k] * bars, *b = slow + second[k] * bars;
        double equity = 1.0, peak = 1.0, fall = 0.0, sum = 0.0, squares = 0.0;
        long trips = 0, entry = -1;
        int known = 0;
        uint64_t state = 0; /* the side of the bar before: 1 above */
        for (long w = 0; w < words; w++) {
            long start = w * WORD, left = bars - start;
            uint64_t above, below;
            if (left >= WORD) {
                above = over(a + start, b + start);
                below = over(b + start, a + start);
            } else {
                above = below = 0;
                for (long j = 0; j < left; j++) {
                    above |= (uint64_t)(a[start + j] > b[start + j]) << j;
                    below |= (uint64_t)(a[start + j] < b[start + j]) << j;
                }
            }
            uint64_t defined = above | below, side = above;
            if (!defined)
                continue;
            if (defined != ~0ULL) { /* warm-up and ties keep the side before them */
                uint64_t last = known ? state : (above >> __builtin_ctzll(defined)) & 1;
                for (int j = 0; j < WORD; j++) {
                    if (defined >> j & 1)
                        last = above >> j & 1;
                    side = (side & ~(1ULL << j)) | last << j;
                }
            } else if (!known) {
                state = side & 1;
            }
            if (!known && defined != ~0ULL)
                state = side & 1;
            known = 1;
            uint64_t events = side ^ (side << 1 | state);
            state = side >> 63;
            while (events) {
                int j = __builtin_ctzll(events);
                long t = start + j;
                events &= events - 1;
                if (side >> j & 1) {
                    entry = t;
                    double r = 1.0 / (1.0 + fee) - 1.0;
                    sum += r;
                    squares += r * r;
                    equity *= 1.0 + r;
                } else if (entry >= 0) {
                    double unit = equity / close[entry], top = peak / unit;
                    fall_over(close, &of, entry, t, &top, &fall);
                    double r = close[t] / close[t - 1] * (1.0 - fee) - 1.0;
                    sum += of.sum[t] - of.sum[entry + 1] + r;
                    squares += of.squares[t] - of.squares[entry + 1] + r * r;
                    equity = unit * close[t] * (1.0 - fee);
                    peak = top * unit;
                    double under = equity / peak - 1.0;
                    fall = under < fall ? under : fall;
                    peak = equity > peak ? equity : peak;
                    trips++;
                    entry = -1;
                }
            }
        }
        if (entry >= 0) {
            double unit = equity / close[entry], top = peak / unit;
            fall_over(close, &of, entry, bars, &top, &fall);
            sum += of.sum[bars] - of.sum[entry + 1];
            squares += of.squares[bars] - of.squares[entry + 1];
            equity = unit * close[bars - 1];
        }
        put(out + 4 * k, equity, sum, squares, bars, fall, trips, year);
    }
    free(of.sum);
    free(of.squares);
    free(of.high);
    free(of.low);
    free(of.fall);
}
