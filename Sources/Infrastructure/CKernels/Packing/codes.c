/* GGML's blocks of codes, by the number of their type. */
#include "reading.h"

const code_format *berth_code_format(uint32_t type) {
#define CASE(name)                                                                                 \
    if (type == format_##name.type) return &format_##name;
    FOR_CODE_TYPES(CASE)
#undef CASE
    return NULL;
}

void berth_read_codes(const code_format *format, const uint8_t *block, code_block *out) {
    read_codes(format, block, out);
}
