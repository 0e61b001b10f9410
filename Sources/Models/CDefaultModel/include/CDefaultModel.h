#ifndef BERTH_CDEFAULTMODEL_H
#define BERTH_CDEFAULTMODEL_H

#include <stddef.h>

/// The embedded default model, "berth-harbour": a whole GGUF file, aligned to 64 bytes and never freed.
/// `Tools/default-model/README.md` says what it knows and how it was made.
extern const unsigned char *_Nonnull const berth_default_model;

/// The size of that file in bytes.
extern const size_t berth_default_model_size;

#endif
