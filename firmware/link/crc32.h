// CRC-32 as Ethernet, zip and zlib compute it: polynomial 0x04C11DB7, reflected, inverted.
#ifndef TINYML_LINK_CRC32_H
#define TINYML_LINK_CRC32_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The CRC of some bytes followed by their own CRC, lowest byte first, whatever the bytes are.
#define CRC32_RESIDUE 0x2144DF1Cu

// Returns the CRC of one more byte; the CRC of no bytes is 0.
uint32_t crc32_add(uint32_t crc, uint8_t byte);

#ifdef __cplusplus
}
#endif

#endif
