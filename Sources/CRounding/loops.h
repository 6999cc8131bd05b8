/*
 * The loops; included once per form. Before including, define FORM(name), TARGET, HALVES_OF_FLOATS and
 * FLOATS_OF_HALVES.
 *
 * Pointers need no alignment. Blocks have at most P2S_BLOCK elements. The loops are plain so that the
 * compiler vectorizes them for TARGET.
 */

static TARGET void FORM(widen)(enum p2s_element type, const void *source, double *values, size_t count)
{
    float floats[P2S_BLOCK];
    uint16_t halves[P2S_BLOCK];
    switch (type) {
    case P2S_ELEMENT_F64:
        memcpy(values, source, count * 8);
        return;
    case P2S_ELEMENT_F32:
        for (size_t i = 0; i < count; i++) values[i] = ((const unaligned_float *)source)[i];
        return;
    case P2S_ELEMENT_F16:
        memcpy(halves, source, count * 2);
        FLOATS_OF_HALVES(floats, halves, count);
        break;
    case P2S_ELEMENT_BF16:
        memcpy(halves, source, count * 2);
        for (size_t i = 0; i < count; i++) floats[i] = float_of((uint32_t)halves[i] << 16);
        break;
    }
    for (size_t i = 0; i < count; i++) values[i] = floats[i];
}

static TARGET void FORM(scale)(double *values, double factor, size_t count)
{
    for (size_t i = 0; i < count; i++) values[i] *= factor;
}

static TARGET double FORM(largest)(const double *values, size_t count)
{
    double lanes[8] = {0}, odd = 0;
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        for (int k = 0; k < 8; k++) {
            double magnitude = __builtin_fabs(values[i + k]);
            lanes[k] = lanes[k] < magnitude ? magnitude : lanes[k];
        }
    }
    for (; i < count; i++) {
        double magnitude = __builtin_fabs(values[i]);
        lanes[0] = lanes[0] < magnitude ? magnitude : lanes[0];
    }
    for (int k = 1; k < 8; k++) lanes[0] = lanes[0] < lanes[k] ? lanes[k] : lanes[0];
    /* Comparisons with NaN are false, so the loops above skip NaN; look for it separately. */
    for (i = 0; i < count; i++) odd = values[i] == values[i] ? odd : values[i];
    return odd == 0 ? lanes[0] : odd;
}

static TARGET void FORM(add_errors)(
    const double *exact, const double *stored, size_t count, struct p2s_rounding_error *error)
{
    double max_error[8] = {0}, max_value[8] = {0}, squared_error[8], squared_value[8];
    memcpy(squared_error, error->squared_error, sizeof squared_error);
    memcpy(squared_value, error->squared_value, sizeof squared_value);
    for (size_t i = 0; i < count; i += 8) {
        double e[8] = {0}, v[8] = {0};
        if (i + 8 <= count) {
            for (int k = 0; k < 8; k++) v[k] = exact[i + k], e[k] = stored[i + k];
        } else {
            for (size_t k = 0; k < count - i; k++) v[k] = exact[i + k], e[k] = stored[i + k];
        }
        for (int k = 0; k < 8; k++) {
            int finite = __builtin_fabs(v[k]) <= DBL_MAX;
            double difference = __builtin_fabs(e[k] - v[k]), value = __builtin_fabs(v[k]);
            difference = finite ? difference : 0;
            value = finite ? value : 0;
            max_error[k] = max_error[k] < difference ? difference : max_error[k];
            max_value[k] = max_value[k] < value ? value : max_value[k];
            squared_error[k] += difference * difference;
            squared_value[k] += value * value;
        }
    }
    for (int k = 0; k < 8; k++) {
        error->max_error = error->max_error < max_error[k] ? max_error[k] : error->max_error;
        error->max_value = error->max_value < max_value[k] ? max_value[k] : error->max_value;
    }
    memcpy(error->squared_error, squared_error, sizeof squared_error);
    memcpy(error->squared_value, squared_value, sizeof squared_value);
}

static TARGET size_t FORM(round)(
    enum p2s_element type, const double *exact, void *stored, size_t count, struct p2s_rounding_error *error)
{
    float floats[P2S_BLOCK];
    uint16_t halves[P2S_BLOCK];
    double values[P2S_BLOCK];
    switch (type) {
    case P2S_ELEMENT_F64:
        memcpy(stored, exact, count * 8);
        FORM(add_errors)(exact, exact, count, error);
        return count;
    case P2S_ELEMENT_F32:
        for (size_t i = 0; i < count; i++) floats[i] = (float)exact[i];
        memcpy(stored, floats, count * 4);
        break;
    case P2S_ELEMENT_F16:
        for (size_t i = 0; i < count; i++) floats[i] = odd_of_double(exact[i]);
        HALVES_OF_FLOATS(halves, floats, count);
        memcpy(stored, halves, count * 2);
        FLOATS_OF_HALVES(floats, halves, count);
        break;
    case P2S_ELEMENT_BF16:
        for (size_t i = 0; i < count; i++) halves[i] = bfloat_of_float(odd_of_double(exact[i]));
        memcpy(stored, halves, count * 2);
        for (size_t i = 0; i < count; i++) floats[i] = float_of((uint32_t)halves[i] << 16);
        break;
    }
    for (size_t i = 0; i < count; i++) values[i] = floats[i];
    unsigned overflows = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned infinite = __builtin_fabs(values[i]) > DBL_MAX, finite = __builtin_fabs(exact[i]) <= DBL_MAX;
        overflows |= infinite & finite;
    }
    if (overflows) {
        for (size_t i = 0; i < count; i++)
            if (__builtin_fabs(values[i]) > DBL_MAX && __builtin_fabs(exact[i]) <= DBL_MAX) return i;
    }
    FORM(add_errors)(exact, values, count, error);
    return count;
}

static TARGET void FORM(quantize)(
    const double *exact, double scale, int8_t *stored, size_t count, struct p2s_rounding_error *error)
{
    double values[P2S_BLOCK];
    for (size_t i = 0; i < count; i++) {
        double q = exact[i] / scale;
        q = q < -127 ? -127 : q;
        q = q > 127 ? 127 : q;
        /* Near 1.5 × 2^52 the last bit of a double is worth 1: the sum rounds, the difference is exact. */
        q = (q + 0x1.8p52) - 0x1.8p52;
        stored[i] = (int8_t)(int32_t)q;
        values[i] = q * scale;
    }
    FORM(add_errors)(exact, values, count, error);
}

#undef FORM
#undef TARGET
#undef HALVES_OF_FLOATS
#undef FLOATS_OF_HALVES
