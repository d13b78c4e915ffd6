#include "accuracy_measure.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

double ulp(const struct precision *p, quad x)
{
    int exponent;
    const double near = (double)quad_abs(x);
    /* x just below a power of two becomes that power in double, but its neighbours are the closer ones. */
    if (frexp(near, &exponent) == 0.5 && quad_abs(x) < (quad)near) exponent--;
    return fmax(ldexp(p->unit, exponent), p->tiny);
}

void measure(struct measure *m, double got, quad exact, double unit, double allowed, const struct batch *b)
{
    const double error = got == (double)exact && !isfinite(got) ? 0 : (double)quad_abs((quad)got - exact);
    const double share = isnan(error) ? INFINITY : error == 0 ? 0 : error / allowed;
    m->count++;
    if (unit > 0 && !(error / unit <= m->largest)) m->largest = error / unit;
    if (share <= m->share) return;
    m->share = share;
    snprintf(m->where, sizeof m->where, "C %" PRId64 ", %s, offset %g: %.9g", b->classes, row_kind_names[b->kind], b->offset,
             (double)exact);
}

int measures_print(const char *title, const struct measure *m, int count)
{
    int bad = 0;
    printf("%-26s %12s  %-6s %9s   worst row\n", title, "largest", "", "of bound");
    for (int i = 0; i < count; i++) {
        printf("%-26s %12.3f  %-6s %9.3f   %s\n", m[i].result, m[i].largest, m[i].unit, m[i].share, m[i].where);
        if (!(m[i].share <= 1) || m[i].count == 0) bad++;
    }
    printf("\n");
    return bad;
}
