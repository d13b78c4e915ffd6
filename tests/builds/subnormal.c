/* Whether a process that has loaded libxent computes with subnormal numbers. */
#include <float.h>
#include <xent.h>

int main(void)
{
    if (xent_numerics_version() < 1) return 2; /* so that the library is linked */
    volatile double smallest = DBL_MIN;
    volatile double half = smallest / 2;
    unsigned char *byte = (unsigned char *)&half; /* a comparison might flush as well */
    for (unsigned i = 0; i < sizeof half; i++)
        if (byte[i] != 0) return 0;
    return 1;
}
