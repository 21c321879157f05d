// One function for each request. The response has been begun.
#ifndef TINYML_SERVER_ANSWERS_H
#define TINYML_SERVER_ANSWERS_H

#include "inference.h"
#include "response.h"

namespace server {

struct answer Answer(const tinyml::link::Ping &request);
struct answer Answer(const tinyml::link::GetModels &request);
struct answer Answer(const tinyml::link::GetOperators &request);
struct answer Answer(const tinyml::link::WriteInputs &request);
struct answer Answer(const tinyml::link::Infer &request);
struct answer Answer(const tinyml::link::ReadTensor &request);
struct answer Answer(const tinyml::link::GetStatistics &request);

// The model that a request names; null where there is none, which RefuseModel says.
const inference_model *Model(uint32_t index);
struct answer RefuseModel();

// Whether there is room for what `Describe` makes of a tensor, and making it.
bool Fits(const inference_tensor &tensor);
Offset<tinyml::link::Tensor> Describe(const inference_model &model, const inference_tensor &tensor);

// The bytes that describing a tensor takes, at most.
std::size_t Description(const inference_tensor &tensor);

} // namespace server

#endif
