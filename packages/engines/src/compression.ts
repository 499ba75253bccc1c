import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import kafkajs from "kafkajs";
import { compressFrame, decompressFrame } from "lz4-napi";
import { compress as snappyCompress, uncompress as snappyUncompress } from "snappy";

const { CompressionCodecs, CompressionTypes } = kafkajs;

/** The framing of xerial's snappy-java, which Java producers use: magic, two versions, then sized blocks. */
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const xerialHeaderBytes = 16;

interface Encoder {
  buffer: Buffer;
}

/**
 * Teaches kafkajs the compressions that it knows by name only. Without them a single batch that some producer
 * compressed would stop its partition for good.
 */
export function registerCompression(): void {
  const codecs = CompressionCodecs as Record<
    number,
    () => { compress(encoder: Encoder): Promise<Buffer>; decompress(bytes: Buffer): Promise<Buffer> }
  >;
  codecs[CompressionTypes.ZSTD] = () => ({
    compress: ({ buffer }) => promisify(zstdCompress)(buffer),
    decompress: (bytes) => promisify(zstdDecompress)(bytes),
  });
  codecs[CompressionTypes.LZ4] = () => ({
    compress: ({ buffer }) => compressFrame(buffer),
    decompress: (bytes) => decompressFrame(bytes),
  });
  codecs[CompressionTypes.Snappy] = () => ({
    compress: ({ buffer }) => snappyCompress(buffer),
    decompress: decompressSnappy,
  });
}

/** One snappy block (librdkafka, Go) or xerial's frame of several (Java). */
export async function decompressSnappy(bytes: Buffer): Promise<Buffer> {
  if (!bytes.subarray(0, xerialMagic.length).equals(xerialMagic)) return await inflate(bytes);
  const blocks: Buffer[] = [];
  for (let at = xerialHeaderBytes; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    blocks.push(await inflate(bytes.subarray(at + 4, at + 4 + size)));
    at += 4 + size;
  }
  return Buffer.concat(blocks);
}

const inflate = async (block: Buffer): Promise<Buffer> => Buffer.from((await snappyUncompress(block)) as Buffer);
