#include "CDefaultModel.h"

// `#embed` is C23; clang takes it in every C mode and would only remark on it.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const _Alignas(64) unsigned char bytes[] = {
#embed "berth-harbour.gguf"
};

const unsigned char *const berth_default_model = bytes;
const size_t berth_default_model_size = sizeof bytes;
