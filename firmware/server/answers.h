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

// Makes a table Tensor.
uoffset_t Describe(const inference_model &model, const inference_tensor &tensor);

} // namespace server

#endif
