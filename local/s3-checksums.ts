import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** A checksum that takes bytes as they pass. */
export interface RunningChecksum {
  update(bytes: Uint8Array): void;
  /** Raw bytes, big-endian for the CRCs. */
  digest(): Buffer;
}

/** Checksums of `x-amz-checksum-*`, by the name in the header. */
export const CHECKSUMS = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;
export type ChecksumName = (typeof CHECKSUMS)[number];

/** The checksum `x-amz-checksum-algorithm` or an `x-amz-checksum-*` header names; undefined for any other. */
export const checksumNamed = (name: string): ChecksumName | undefined =>
  CHECKSUMS.find((known) => known === name.toLowerCase());

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** CRC-32C (Castagnoli, reflected polynomial 0x82f63b78). */
const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

function runningCrc32c(): RunningChecksum {
  let crc = 0xffffffff;
  return {
    update(bytes) {
      for (const byte of bytes) crc = CRC32C_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
    },
    digest: () => uint32(~crc),
  };
}

/** CRC-64/NVME (reflected polynomial 0x9a6c9329ac4bc9b5) in two halves: BigInt is far too slow for file contents. */
const CRC64_HIGH = new Uint32Array(256);
const CRC64_LOW = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let high = 0;
  let low = byte;
  for (let bit = 0; bit < 8; bit++) {
    const carry = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (carry) {
      high ^= 0x9a6c9329;
      low ^= 0xac4bc9b5;
    }
  }
  CRC64_HIGH[byte] = high;
  CRC64_LOW[byte] = low;
}

function runningCrc64Nvme(): RunningChecksum {
  let high = 0xffffffff;
  let low = 0xffffffff;
  return {
    update(bytes) {
      for (const byte of bytes) {
        const index = (low ^ byte) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ CRC64_LOW[index]!;
        high = (high >>> 8) ^ CRC64_HIGH[index]!;
      }
    },
    digest: () => Buffer.concat([uint32(~high), uint32(~low)]),
  };
}

function runningCrc32(): RunningChecksum {
  let crc = 0;
  return {
    update(bytes) {
      crc = crc32(bytes, crc);
    },
    digest: () => uint32(crc),
  };
}

/** Starts a checksum over no bytes. */
export function startChecksum(name: ChecksumName | 'md5'): RunningChecksum {
  if (name === 'crc32') return runningCrc32();
  if (name === 'crc32c') return runningCrc32c();
  if (name === 'crc64nvme') return runningCrc64Nvme();
  const hash = createHash(name);
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
}
